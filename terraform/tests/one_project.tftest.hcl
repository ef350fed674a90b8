# What is planned for one project with one job.

mock_provider "archive" {}
mock_provider "google" {
  mock_data "google_project" {
    defaults = { number = "123456789012" }
  }
}

variables {
  home        = { project = "home-project", region = "us-central1" }
  projects    = { app-project = { jobs = ["us-central1/content-worker"] } }
  regions     = ["us-central1", "global"]
  policy_file = "tests/policy.toml"
  slack       = { channel = "C0123456789" }
  alerts      = { emails = ["team@example.com"] }
}

run "what_is_left_out_has_its_default" {
  command = plan
  assert {
    condition     = length(google_project_iam_member.uploads) == 0 && !contains(keys(local.settings), "VERIFIER_READ_UPLOADS")
    error_message = "Nobody's uploads are read unless that is asked for."
  }
  assert {
    condition     = alltrue([for one in google_pubsub_subscription.push : one.ack_deadline_seconds == 600 && one.expiration_policy[0].ttl == ""])
    error_message = "Every subscription waits 600 seconds for the function and never expires."
  }
  assert {
    condition     = alltrue([for one in google_pubsub_subscription.push : one.retry_policy[0].minimum_backoff == "10s" && one.retry_policy[0].maximum_backoff == "600s"])
    error_message = "Every subscription backs off from 10 to 600 seconds."
  }
  assert {
    condition = alltrue([
      for name in ["builds-app-project", "executions"] :
      google_pubsub_subscription.push[name].dead_letter_policy[0].max_delivery_attempts == 100 &&
      google_pubsub_subscription.push[name].message_retention_duration == "604800s"
    ])
    error_message = "Builds and executions are kept for seven days and tried a hundred times."
  }
  assert {
    condition     = length(google_pubsub_subscription.push["sweep"].dead_letter_policy) == 0 && google_pubsub_subscription.push["sweep"].message_retention_duration == "600s"
    error_message = "A sweep is kept for ten minutes and never put aside."
  }
  assert {
    condition     = length(google_pubsub_subscription.push["work"].dead_letter_policy) == 0 && google_pubsub_subscription.push["work"].message_retention_duration == "600s" && google_pubsub_subscription.push["work"].ack_deadline_seconds == 600
    error_message = "A piece of work is kept for ten minutes and never put aside: it is handed out again."
  }
  assert {
    condition     = google_pubsub_topic_iam_member.work.topic == google_pubsub_topic.work.name && google_pubsub_topic_iam_member.work.role == "roles/pubsub.publisher"
    error_message = "The function may publish to the work topic."
  }
  assert {
    condition     = google_pubsub_subscription.push["builds-app-project"].filter == "NOT (attributes.status = \"PENDING\" OR attributes.status = \"QUEUED\" OR attributes.status = \"STATUS_UNKNOWN\" OR attributes.status = \"WORKING\")"
    error_message = "The filter leaves out the statuses of builds that go on, and nothing else."
  }
  assert {
    condition     = length(google_pubsub_subscription.push["builds-app-project"].filter) <= 256
    error_message = "Pub/Sub takes filters of 256 bytes."
  }
  assert {
    condition     = google_pubsub_subscription.push["executions"].filter == null && google_pubsub_subscription.push["sweep"].filter == null
    error_message = "Only messages about builds have a status to be filtered by."
  }
  assert {
    condition     = google_cloudfunctions2_function.verifier.service_config[0].ingress_settings == "ALLOW_INTERNAL_ONLY"
    error_message = "Ingress is internal."
  }
  assert {
    condition     = google_cloud_run_v2_service_iam_member.push.member == "serviceAccount:build-verifier-push@home-project.iam.gserviceaccount.com" && google_cloud_run_v2_service_iam_member.push.role == "roles/run.servicesInvoker"
    error_message = "The one invoker is the account that pushes."
  }
  assert {
    condition     = alltrue([for one in google_pubsub_subscription.push : length(one.push_config[0].oidc_token) == 1])
    error_message = "Every push is authenticated."
  }
  assert {
    condition     = local.settings["VERIFIER_SLACK_CHANNEL"] == "C0123456789"
    error_message = "The default channel is given."
  }
  assert {
    condition     = google_cloudfunctions2_function.verifier.service_config[0].secret_environment_variables[0].key == "VERIFIER_SLACK_TOKEN"
    error_message = "The secret is the bot's token."
  }
  assert {
    condition     = [for one in google_secret_manager_secret.slack.replication[0].user_managed[0].replicas : one.location] == ["us-central1"]
    error_message = "The token stays in the installation's region."
  }
  assert {
    condition     = google_firestore_database.ledger.delete_protection_state == "DELETE_PROTECTION_ENABLED" && google_firestore_database.ledger.point_in_time_recovery_enablement == "POINT_IN_TIME_RECOVERY_ENABLED"
    error_message = "The database is protected, and what was in it can be had back."
  }
}

run "what_is_given_is_done" {
  command = plan
  variables {
    slack               = { webhook = true }
    function            = { timeout = 300 }
    publish_verdicts    = true
    read_uploads        = true
    deletion_protection = false
    projects            = { app-project = { create_topic = false } }
    alerts              = { channels = ["projects/home-project/notificationChannels/1"] }
    audit               = { readers = ["principalSet://iam.googleapis.com/locations/global/workforcePools/team/group/security"] }
  }
  assert {
    condition     = !contains(keys(local.settings), "VERIFIER_SLACK_CHANNEL")
    error_message = "A webhook has its channel itself."
  }
  assert {
    condition     = google_cloudfunctions2_function.verifier.service_config[0].secret_environment_variables[0].key == "VERIFIER_SLACK_WEBHOOK"
    error_message = "The secret is the webhook's address."
  }
  assert {
    condition     = google_cloudfunctions2_function.verifier.service_config[0].timeout_seconds == 300
    error_message = "The platform stops the function after this time."
  }
  assert {
    condition     = google_cloudfunctions2_function.verifier.service_config[0].environment_variables["VERIFIER_TIMEOUT"] == "300"
    error_message = "The code is told the same time: its lease must outlive it."
  }
  assert {
    condition     = google_pubsub_topic_iam_member.verdicts["verdicts"].role == "roles/pubsub.publisher" && google_pubsub_topic.verdicts[0].name == "build-verifier-verdicts"
    error_message = "There is a topic, and the function may publish to it."
  }
  assert {
    condition     = google_firestore_database.ledger.delete_protection_state == "DELETE_PROTECTION_DISABLED" && google_firestore_database.ledger.deletion_policy == "DELETE"
    error_message = "The protection is taken away."
  }
  assert {
    condition     = length(google_pubsub_topic.builds) == 0 && google_pubsub_subscription.push["builds-app-project"].topic == "projects/app-project/topics/cloud-builds"
    error_message = "The topic that is there is subscribed to and not made again."
  }
  assert {
    condition     = length(google_logging_log_view_iam_member.readers) == 1
    error_message = "Whoever is named may read the audit trail."
  }
  assert {
    condition     = length(google_logging_project_sink.executions) == 0
    error_message = "Without jobs there are no executions to hear of."
  }
  assert {
    condition     = google_project_iam_custom_role.role["reader/app-project"].permissions == tolist(["cloudbuild.builds.get", "cloudbuild.builds.list", "serviceusage.services.use"])
    error_message = "Builds are all that is looked at, and the project pays for that."
  }
  assert {
    condition     = length(google_monitoring_alert_policy.alert) == 20 && alltrue([for one in google_monitoring_alert_policy.alert : one.notification_channels == tolist(["projects/home-project/notificationChannels/1"])])
    error_message = "Each of the alerts goes to the given channel."
  }
}

run "every_alert_can_be_turned_off" {
  command = plan
  variables {
    alerts = {
      emails = ["team@example.com"]
      off = [
        "audit_unwritten", "backlog_late", "build_unread", "clock_skew", "dead_letters", "inconclusive", "job_unseen",
        "logs_unread", "no_completion_entry", "no_sweep", "place_late", "quarantined", "record_unreadable", "saturated",
        "slack_late", "slow_verdicts", "unannounced", "unconfirmed", "undelivered", "unwatched",
      ]
    }
  }
  assert {
    condition     = length(google_monitoring_alert_policy.alert) == 0
    error_message = "Whatever is turned off is not made."
  }
}

run "one_instance_is_always_all_of_them" {
  command = plan
  variables {
    function = { max_instances = 1 }
    alerts   = { emails = ["team@example.com"], off = ["slow_verdicts"] }
  }
  assert {
    condition     = length(google_monitoring_alert_policy.alert) == 18 && !contains(keys(google_monitoring_alert_policy.alert), "saturated")
    error_message = "With one instance there is no alert on all of them being busy."
  }
}

run "uploads_are_read_where_that_is_asked_for" {
  command = plan
  variables {
    read_uploads = true
  }
  assert {
    condition     = google_project_iam_custom_role.role["uploads/app-project"].permissions == tolist(["storage.objects.get"]) && local.settings["VERIFIER_READ_UPLOADS"] == "true"
    error_message = "Objects may be read, and nothing listed or written."
  }
  assert {
    condition     = google_project_iam_member.uploads["app-project/0"].condition[0].expression == "resource.name == \"projects/_/buckets/app-project_cloudbuild\" || resource.name.startsWith(\"projects/_/buckets/app-project_cloudbuild/objects/\") || resource.name == \"projects/_/buckets/run-sources-app-project-us-central1\" || resource.name.startsWith(\"projects/_/buckets/run-sources-app-project-us-central1/objects/\")"
    error_message = "Only the buckets that gcloud uploads to are read, and none whose name begins like theirs."
  }
}

run "uploads_of_many_regions_are_read_by_several_conditions" {
  command = plan
  variables {
    read_uploads = true
    projects     = { google-app = {}, quiet-project = { watch = false, jobs = ["us-central1/canary"] } }
    regions      = ["global", "asia-east1", "europe-north1", "europe-west1", "europe-west4", "us-central1", "us-east1"]
  }
  assert {
    condition     = keys(google_project_iam_member.uploads) == ["google-app/0", "google-app/1"]
    error_message = "A project that is not watched has no uploads to read."
  }
  assert {
    condition     = strcontains(google_project_iam_member.uploads["google-app/0"].condition[0].expression, "\"projects/_/buckets/elgoog-app_cloudbuild\"")
    error_message = "gcloud turns the word google round in the name of its bucket, and Cloud Storage takes no other."
  }
  assert {
    condition     = alltrue([for one in google_project_iam_member.uploads : length(split("||", one.condition[0].expression)) <= 12])
    error_message = "A condition takes twelve operators."
  }
  assert {
    condition     = sum([for one in google_project_iam_member.uploads : length(regexall("== ", one.condition[0].expression))]) == 7
    error_message = "One bucket of builds, and one a region of Cloud Run."
  }
}
