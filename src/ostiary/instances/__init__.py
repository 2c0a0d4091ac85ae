"""Instances: a command in a network namespace of its own, where 169.254.169.254 answers as it does on EC2.

```
the machine                                  |  the instance's network namespace (only `lo`)
                                             |
the server's metadata socket  <-- runner <---|--- 169.254.169.254:80      instance metadata
the AWS endpoint              <-- runner <---|--- the endpoint's own address and port
                              <-- runner <---|--- 169.254.171.1:443, :80  `*.amazonaws.com` (with `--transparent`)
                                  runner <---|--- 169.254.169.253:53      names, as EC2's resolver has it
```

The listeners on the right are made inside the namespace and handed out over a socket pair: a socket keeps the namespace
it was made in, so the runner can serve them from outside. Nothing else leads out, and nothing needs routes, packet
filters or (where unprivileged user namespaces are allowed) root.

The runner talks to the server in two ways: signed EC2 calls as the calling user (RunInstances, with `iam:PassRole`
judged by the server, and TerminateInstances), and the metadata socket `<data>/metadata.sock`. That socket is mode 0600:
being able to open it is the proof, so only the server's own user and root can start instances on its machine, and each
request names the instance in a header that the relay sets and no program inside can.
"""


class InstanceError(Exception):
    """The instance could not be started. The text says why and what to do, in words for a person."""
