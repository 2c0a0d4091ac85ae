"""Ansible's modules, by hand: `python -m tests.clients.ansible PATH/OF/ansible-playbook` (docs/users/clients.md)."""
