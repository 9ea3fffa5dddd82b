"""The embedded PostgreSQL: a database for those who have none, under the data folder, shared by all processes.

    with acquire(Path("paygate-data")) as lease:
        ...  # connect to lease.dsn

No process that uses the database owns it. Each user holds a shared file lock; the first one starts a detached keeper
process, which runs PostgreSQL and stops it when the last lock is gone. A killed user disturbs nobody; a killed server
is started again by the keeper; a killed keeper by any user that watches (`Lease.watch`) or comes new.
"""

from paygate.embedded.binaries import find_bin
from paygate.embedded.errors import EmbeddedError
from paygate.embedded.lease import Lease, acquire

__all__ = ["EmbeddedError", "Lease", "acquire", "find_bin"]
