"""An apply over an installation of 0.1.0 destroys nothing: each address is there, or a `moved` block names it.

`terraform/test_addresses.py` compares whole plans, keys among them. What was given in terraform.tfvars is still taken.
"""

from __future__ import annotations

import pytest

from tests.frozen.addresses import moved, moves, outputs, required, resources, variables, without_key, written
from tests.frozen.compare import frozen

FROZEN = frozen("terraform.json")
NOW = written()


@pytest.mark.parametrize("address", FROZEN["resources"])
def test_a_resource_is_where_it_was_or_a_moved_block_names_it(address: str) -> None:
    assert without_key(moved(address, moves(NOW))) in resources(NOW)


def test_every_variable_and_each_of_its_attributes_is_still_taken() -> None:
    now = variables(NOW)
    assert {name: sorted(set(old) - set(now.get(name, []))) for name, old in FROZEN["variables"].items()} == {
        name: [] for name in FROZEN["variables"]
    }
    assert FROZEN["variables"].keys() <= now.keys()


def test_nothing_must_be_given_that_need_not_be_given_then() -> None:
    assert required(NOW) <= set(FROZEN["required"])


def test_every_output_is_still_there() -> None:
    assert set(FROZEN["outputs"]) <= outputs(NOW)


MOVED = """
moved {
  from = google_pubsub_topic.old
  to   = google_pubsub_topic.new
}
moved {
  from = google_pubsub_topic.new
  to   = module.queue.google_pubsub_topic.newest
}
moved {
  from = google_pubsub_topic.builds["a"]
  to   = google_pubsub_topic.builds["b"]
}
"""


@pytest.mark.parametrize(
    ("address", "now"),
    [
        ("google_pubsub_topic.old", "module.queue.google_pubsub_topic.newest"),
        ('google_pubsub_topic.old["key"]', 'module.queue.google_pubsub_topic.newest["key"]'),
        ('google_pubsub_topic.builds["a"]', 'google_pubsub_topic.builds["b"]'),
        ('google_pubsub_topic.builds["c"]', 'google_pubsub_topic.builds["c"]'),
        ("google_pubsub_topic.older", "google_pubsub_topic.older"),
    ],
)
def test_a_moved_block_leads_to_the_new_address(address: str, now: str) -> None:
    assert moved(address, moves(MOVED)) == now


def test_a_module_or_a_key_is_no_part_of_the_resource() -> None:
    assert without_key('module.queue["a.b"].google_pubsub_topic.newest["c.d"]') == "google_pubsub_topic.newest"


def test_a_variable_is_required_without_a_default_and_an_attribute_without_optional() -> None:
    text = """
variable "home" {
  type = object({
    project = string
    name    = optional(string, "x")
  })
}
variable "flag" {
  type    = bool
  default = false
}
"""
    assert variables(text) == {"home": ["project", "name"], "flag": []}
    assert required(text) == {"home", "home.project"}
