"""Terraform's own tests, and what the plans that they make say beyond them."""
