"""Who it is that shows a service-specific credential.

For the doors of services that take a user name with a password, or an API key, instead of a signature. What the user
may do is asked afterwards, as of any user.

Source: IAM User Guide, "Service-specific credentials for IAM users".
"""

from __future__ import annotations

from ostiary.credentials.service_credentials import is_secret, login_in
from ostiary.store.records import UserRecord
from ostiary.store.transaction import Transaction


def user_of_credential(
    tx: Transaction, service: str, secret: str, *, at: int, login: str | None = None
) -> UserRecord | None:
    """The user whose active, unexpired credential for this service it is; None for everybody else.

    Args:
        tx: what is true now.
        service: such as `codecommit.amazonaws.com`.
        secret: the password, or the whole API key.
        at: seconds since 1970.
        login: the user name; of an API key it is read from the key, and one that is given too must be the same.
    """
    carried = login_in(service, secret)
    if carried is not None and login is not None and login != carried:
        return None
    shown = carried or login
    if not shown:
        return None
    found = tx.service_credentials.by_login(service, shown)
    if found is None or not is_secret(found.digest, secret):
        return None
    if not found.active or (found.expires is not None and found.expires <= at):
        return None
    return tx.users.by_id(found.owner_id)
