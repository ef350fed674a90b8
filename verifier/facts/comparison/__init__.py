"""An upload beside what git knows: from where it is, which commit is nearest, what differs, and was a fix in it.

Values in, values out: what git printed and what an archive holds are read elsewhere. Nothing here changes a verdict:
that an upload equals a commit is evidence, and no proof of where it came from.
"""
