# One installation looks after three projects: its own, one with two jobs, and one that has a worker's job and no builds.

mock_provider "archive" {}
mock_provider "google" {
  mock_data "google_project" {
    defaults = { number = "123456789012" }
  }
  override_data {
    target = data.google_project.all["app-project"]
    values = { number = "210987654321" }
  }
}

variables {
  home = { project = "home-project", region = "us-central1" }
  projects = {
    home-project   = {}
    app-project    = { jobs = ["us-central1/content-worker", "europe-west1/content-worker"] }
    canary-project = { watch = false, jobs = ["us-central1/canary"] }
  }
  regions     = ["global"]
  policy_file = "tests/policy_with_submitter.toml"
  slack       = { channel = "C0123456789" }
  alerts      = { emails = ["team@example.com"] }
}

run "each_project_has_its_part_and_home_has_the_rest" {
  command = plan
  assert {
    condition     = alltrue([for one in google_pubsub_subscription.push : one.project == "home-project"])
    error_message = "Internal ingress lets in only pushes of the function's own project."
  }
  assert {
    condition     = keys(google_pubsub_subscription.push) == ["builds-app-project", "builds-home-project", "executions", "sweep", "work"]
    error_message = "There is one subscription for the builds of each watched project."
  }
  assert {
    condition     = { for id, topic in google_pubsub_topic.builds : id => topic.project } == { app-project = "app-project", home-project = "home-project" }
    error_message = "Cloud Build publishes to a topic of the build's own project."
  }
  assert {
    condition = { for key, role in google_project_iam_custom_role.role : key => role.project } == {
      "audit"                 = "home-project"
      "ledger"                = "home-project"
      "reader/app-project"    = "app-project"
      "reader/canary-project" = "canary-project"
      "reader/home-project"   = "home-project"
      "runner/app-project"    = "app-project"
      "runner/canary-project" = "canary-project"
    }
    error_message = "A role belongs to the project that it is used in."
  }
  assert {
    condition     = google_project_iam_custom_role.role["reader/home-project"].permissions == tolist(["cloudbuild.builds.get", "cloudbuild.builds.list", "logging.logEntries.list"])
    error_message = "Policy wants submitters named: the audit logs of a project without jobs are read for that."
  }
  assert {
    condition     = google_project_iam_custom_role.role["reader/canary-project"].permissions == tolist(["logging.logEntries.list", "run.executions.get", "run.executions.list", "run.jobs.get", "serviceusage.services.use"])
    error_message = "Builds of a project that is not watched are not looked at."
  }
  assert {
    condition     = keys(google_cloud_run_v2_job_iam_member.runner) == ["app-project/europe-west1/content-worker", "app-project/us-central1/content-worker", "canary-project/us-central1/canary"]
    error_message = "Each job has its own binding."
  }
  assert {
    condition     = keys(google_logging_project_sink.executions) == ["app-project", "canary-project"]
    error_message = "There is a sink where there are jobs."
  }
  assert {
    condition     = strcontains(google_logging_project_sink.executions["app-project"].filter, "resource.labels.job_name=(\"content-worker\")\n")
    error_message = "A sink lets through each of the project's jobs, named once, and no other."
  }
  assert {
    condition     = [for id in ["app-project", "home-project"] : contains(google_project_iam_custom_role.role["reader/${id}"].permissions, "serviceusage.services.use")] == [true, false]
    error_message = "Each project pays for what is read in it; the home project does so anyway."
  }
  assert {
    condition     = [for name in ["VERIFIER_LOGGING_QUOTA", "VERIFIER_BUILD_QUOTA", "VERIFIER_BILL_WATCHED"] : local.settings[name]] == ["60", "300", "on"]
    error_message = "Quotas are as documented."
  }
  assert {
    condition     = local.settings["VERIFIER_PROJECTS"] == "app-project=210987654321,home-project=123456789012"
    error_message = "A project that only has jobs is not watched."
  }
}

run "quotas_that_were_raised_and_one_project_that_pays_for_all" {
  command = plan
  variables {
    quotas = {
      logging      = 120
      other        = { app-project = { logging = 600, cloud_build = 0 }, canary-project = { logging = 60 } }
      bill_watched = false
    }
  }
  assert {
    condition     = [local.settings["VERIFIER_LOGGING_QUOTA"], local.settings["VERIFIER_BUILD_QUOTA"]] == ["120,app-project=600,canary-project=60", "300,app-project=0"]
    error_message = "A project with another quota is named with it."
  }
  assert {
    condition     = local.settings["VERIFIER_BILL_WATCHED"] == "off"
    error_message = "The home project pays for all."
  }
  assert {
    condition     = !anytrue([for role in google_project_iam_custom_role.role : contains(role.permissions, "serviceusage.services.use")])
    error_message = "Nobody is made to pay, so nobody needs to allow it."
  }
}

run "jobs_that_are_only_looked_at" {
  command = plan
  override_data {
    target = data.google_project.all["canary-project"]
    values = { number = "310987654321" }
  }
  variables {
    projects = {
      home-project   = { watch_jobs = ["us-central1/report"] }
      app-project    = { jobs = ["us-central1/content-worker"], watch_jobs = ["europe-west1/import", "us-central1/content-worker"] }
      canary-project = { watch_jobs = ["us-central1/canary"] }
    }
    policy_file = "tests/policy_with_watch.toml"
  }
  assert {
    condition     = keys(google_cloud_run_v2_job_iam_member.runner) == ["app-project/us-central1/content-worker"]
    error_message = "The worker's job may be started, and no job that is only looked at."
  }
  assert {
    condition     = [for key in keys(google_project_iam_custom_role.role) : key if startswith(key, "runner/")] == ["runner/app-project"]
    error_message = "Where nothing is started there is no role for it."
  }
  assert {
    condition = { for id, sink in google_logging_project_sink.executions : id => regex("job_name=(.*)", sink.filter)[0] } == {
      app-project    = "(\"content-worker\" OR \"import\")"
      canary-project = "(\"canary\")"
      home-project   = "(\"report\")"
    }
    error_message = "A sink lets through the jobs that are started and those that are looked at."
  }
  assert {
    condition     = alltrue([for id in ["app-project", "canary-project", "home-project"] : length(setsubtract(["logging.logEntries.list", "run.executions.get", "run.executions.list", "run.jobs.get"], google_project_iam_custom_role.role["reader/${id}"].permissions)) == 0])
    error_message = "Wherever jobs are, they, their executions and their logs may be looked at."
  }
  assert {
    condition     = local.policy_watch_jobs == tolist(["app-project/europe-west1/import", "us-central1/canary", "us-central1/report"]) && length(local.jobs_not_routed) == 0
    error_message = "The jobs that policy watches are all found in it, and each is listed under a project."
  }
  assert {
    condition = output.jobs == {
      started   = tolist(["app-project/us-central1/content-worker"])
      looked_at = tolist(["app-project/europe-west1/import", "app-project/us-central1/content-worker", "canary-project/us-central1/canary", "home-project/us-central1/report"])
    }
    error_message = "Who applies is shown which jobs are started, and which are looked at."
  }
}
