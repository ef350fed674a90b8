# What is given wrongly stops the plan, or warns. A run gives several variables wrongly at once, and each must be refused.

mock_provider "archive" {}
mock_provider "google" {}

variables {
  home        = { project = "home-project", region = "us-central1" }
  projects    = { app-project = {} }
  regions     = ["global"]
  policy_file = "tests/policy.toml"
  slack       = { channel = "C0123456789" }
  alerts      = { emails = ["team@example.com"] }
}

run "what_is_missing" {
  command = plan
  variables {
    projects    = {}
    regions     = []
    policy_file = "tests/missing.toml"
    slack       = {}
    alerts      = {}
    function    = { max_instances = 0 }
    audit       = { retention_days = 7 }
    quotas      = { logging = -1 }
  }
  expect_failures = [var.projects, var.regions, var.policy_file, var.slack, var.alerts, var.function, var.audit, var.quotas]
}

run "what_is_null_or_no_text" {
  command = plan
  variables {
    projects    = { app-project = null }
    policy_file = "."
    alerts      = { emails = ["Team"] }
  }
  expect_failures = [var.projects, var.policy_file, var.alerts]
}

run "numbers_and_titles_where_ids_belong" {
  command = plan
  variables {
    home     = { project = "123456789012", region = "us-central1" }
    projects = { "123456789012" = {} }
    regions  = ["us"]
    slack    = { channel = "#builds" }
    alerts   = { channels = ["Team"] }
    audit    = { readers = ["allUsers"] }
    function = { memory = "16Gi" }
  }
  expect_failures = [var.home, var.projects, var.regions, var.slack, var.alerts, var.audit, var.function]
}

run "what_does_not_fit_together" {
  command = plan
  variables {
    home     = { project = "home-project", region = "us-central1-a" }
    projects = { app-project = {}, other-project = { watch = false } }
    slack    = { channel = "C0123456789", webhook = true }
    function = { timeout = 600 }
    quotas   = { other = { app-project = { cloud_build = 1.5 } } }
  }
  expect_failures = [var.home, var.projects, var.slack, var.function, var.quotas]
}

run "a_name_too_long_and_a_job_without_its_region" {
  command = plan
  variables {
    home     = { project = "home-project", region = "us-central1", name = "the-verifier-of-our-builds" }
    projects = { app-project = { jobs = ["worker"] } }
  }
  expect_failures = [var.home, var.projects]
}

run "a_job_to_look_at_without_its_region" {
  command = plan
  variables {
    projects = { app-project = { watch_jobs = ["report"] } }
  }
  expect_failures = [var.projects]
}

run "a_job_to_look_at_where_no_builds_are_watched" {
  command = plan
  variables {
    projects = { app-project = {}, quiet-project = { watch = false, jobs = ["us-central1/canary"], watch_jobs = ["us-central1/report"] } }
  }
  expect_failures = [var.projects]
}

run "an_alert_that_does_not_exist" {
  command = plan
  variables {
    alerts = { emails = ["team@example.com"], off = ["slow_verdict"] }
  }
  expect_failures = [output.alerts]
}

run "a_policy_that_takes_no_further_exemption" {
  command = plan
  variables {
    policy_file = "tests/policy_with_inline_exemption.toml"
  }
  expect_failures = [var.policy_file]
}

run "a_worker_whose_job_is_listed_nowhere" {
  command = plan
  variables {
    projects    = { app-project = { jobs = ["us-central1/content-worker"] } }
    policy_file = "tests/policy_with_worker.toml"
  }
  assert {
    condition     = local.jobs_without_permission == tolist(["us-central1/forgotten-worker"])
    error_message = "The job that is listed nowhere is named, and no other."
  }
  expect_failures = [check.every_worker_may_be_started]
}

run "a_watched_job_that_is_listed_nowhere" {
  command = plan
  variables {
    projects    = { app-project = { jobs = ["us-central1/content-worker"], watch_jobs = ["us-central1/report"] }, other-project = { watch = false, jobs = ["us-central1/report"] } }
    policy_file = "tests/policy_with_forgotten_watch.toml"
  }
  assert {
    condition     = local.jobs_not_routed == tolist(["other-project/us-central1/report"])
    error_message = "The job that is listed nowhere is named, and no other."
  }
  expect_failures = [check.every_watched_job_is_looked_at]
}
