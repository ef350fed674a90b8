"""An upload beside what git knows: where it came from, which commit is nearest, what differs, and whether a fix was in.

Values in, values out: what git printed and what an archive holds are read elsewhere. Nothing here changes a verdict: that
an upload equals a commit is evidence, and no proof of where it came from.
"""
