"""Identity providers as we reach them: which addresses may be asked, their discovery documents and keys, their tokens.

`from ostiary.federation.issuers import Issuers`: the one door of the room.
"""
