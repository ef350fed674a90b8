"""Build Verifier: for every build, is it really the commit that was pushed, and does it work?

Start with `reconcile.py`: it tells the whole story in numbered steps.
"""

__version__ = "0.1.0"
