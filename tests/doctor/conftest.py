"""The plan of Terraform's own tests, made once for everybody."""

from tests.terraform.conftest import one_project, plans

__all__ = ["one_project", "plans"]
