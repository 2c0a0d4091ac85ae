"""The console: pages for people. HTML, cookies and forms live here; what a page does, the gate does.

INVARIANT: nothing in here touches the store. A page performs operations and looks at views as whoever is signed in.
"""

from ostiary.doors.console.door import ConsoleDoor

__all__ = ["ConsoleDoor"]
