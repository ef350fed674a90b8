"""Judgement: policy, one finding for each check, and the verdict. Pure."""
