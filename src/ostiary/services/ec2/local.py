"""services/ec2: the instance that the loopback metadata port speaks for, chosen by whoever owns the data directory.

Source: our own; AWS SDKs ask another metadata address when AWS_EC2_METADATA_SERVICE_ENDPOINT names it.
"""

from __future__ import annotations

from typing import Final

from ostiary.services.ec2.instances import MetadataOptions, all_of, association_of, change, read
from ostiary.services.ec2.launch import associate, launch_instances
from ostiary.services.ec2.launch_request import LaunchRequest
from ostiary.services.ec2.networks import default_network
from ostiary.services.ec2.terminate import DISASSOCIATED, end
from ostiary.services.iam.names import INSTANCE_PROFILE
from ostiary.services.operation import House
from ostiary.store.records import InstanceProfileRecord, InstanceRecord
from ostiary.store.transaction import Transaction

LOCAL_INSTANCE: Final = "local-instance"
"""The setting that holds the instance's id."""
IMAGE_ID: Final = "ami-00000000000000001"
INSTANCE_TYPE: Final = "t3.micro"
_NAME: Final = "local"


class CannotChoose(Exception):
    """There is no such account or profile; the text says what to do."""


def choose_local(
    house: House, profile_name: str, *, account: str | None, region: str, tokens_required: bool
) -> InstanceRecord:
    """Give the loopback metadata an instance with this profile: the one it has, or a new one.

    Args:
        house: the collaborators.
        profile_name: name of an instance profile of the account.
        account: None for the management account.
        region: of a new instance; one that is there already keeps its own.
        tokens_required: whether metadata answers to IMDSv2 only.

    Raises:
        CannotChoose: there is no such account or profile.
    """
    options = MetadataOptions(http_tokens="required" if tokens_required else "optional")
    now = int(house.clock.now().timestamp())
    with house.store.write() as tx:
        owner = account or _management(tx)
        if tx.accounts.get(owner) is None:
            raise CannotChoose(f"there is no account `{owner}`; see `ostiary account list`")
        profile = tx.instance_profiles.get(owner, profile_name)
        if profile is None:
            raise CannotChoose(
                f"account {owner} has no instance profile `{profile_name}`; make it with"
                " `aws iam create-instance-profile` and `aws iam add-role-to-instance-profile`"
            )
        record = _present(tx, owner)
        if record is None:
            _end_present(tx, now)
            record = _launched(house, tx, owner, region, options, profile, now)
            tx.settings.put(LOCAL_INSTANCE, record.id)
        else:
            _change(house, tx, record, options, profile, now)
        return record


def clear_local(house: House) -> str | None:
    """Terminate the instance of the loopback metadata; its id, or None when there is none."""
    with house.store.write() as tx:
        return _end_present(tx, int(house.clock.now().timestamp()))


def _management(tx: Transaction) -> str:
    accounts = tx.accounts.all()
    if not accounts:
        raise CannotChoose("there is no account yet; start the server once")
    return next((each.id for each in accounts if each.management), accounts[0].id)


def _present(tx: Transaction, account: str) -> InstanceRecord | None:
    """The instance that is chosen now, if it runs and is this account's."""
    chosen = tx.settings.get(LOCAL_INSTANCE)
    record = None if chosen is None else tx.instances.get(chosen)
    return record if record is not None and record.account == account and read(record).running else None


def _end_present(tx: Transaction, now: int) -> str | None:
    chosen = tx.settings.get(LOCAL_INSTANCE)
    if chosen is None:
        return None
    record = tx.instances.get(chosen)
    if record is not None and read(record).running:
        end(tx, read(record), now)
    tx.settings.put(LOCAL_INSTANCE, None)
    return chosen


def _launched(
    house: House,
    tx: Transaction,
    account: str,
    region: str,
    options: MetadataOptions,
    profile: InstanceProfileRecord,
    now: int,
) -> InstanceRecord:
    network = default_network(house.vault, account, region)
    launch = LaunchRequest(
        least=1,
        most=1,
        image_id=IMAGE_ID,
        instance_type=INSTANCE_TYPE,
        zone=f"{region}a",
        network=network,
        subnet_id=network.subnet_id,
        groups=(network.group_id,),
        key_name=None,
        monitored=False,
        ebs_optimized=False,
        user_data=None,
        options=options,
        profile=None,
        tags={"instance": {"Name": _NAME}},
        client_token=None,
        digest="",
    )
    taken = {each.facts.private_ip for each in all_of(tx, account, region) if each.running}
    (made,) = launch_instances(
        house, tx, launch, account=account, region=region, now=now, count=1, profile=profile, taken=taken
    )
    return made.record


def _change(
    house: House,
    tx: Transaction,
    record: InstanceRecord,
    options: MetadataOptions,
    profile: InstanceProfileRecord,
    now: int,
) -> None:
    held = association_of(tx, record.id)
    if held is None or held.profile_id != profile.id:
        if held is not None:
            tx.associations.change(held, state=DISASSOCIATED)
        associate(house, tx, record, profile, now)
    change(tx, read(record), now, options=options, profile_arn=INSTANCE_PROFILE.arn(profile))
