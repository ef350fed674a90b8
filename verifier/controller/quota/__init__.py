"""The quotas of what is read: whose they are, in which portions they are leased, and who waits for them."""
