locals {
  function_url = google_cloudfunctions2_function.verifier.service_config[0].uri
  slack_secret = var.slack.webhook ? "VERIFIER_SLACK_WEBHOOK" : "VERIFIER_SLACK_TOKEN"

  quotas = {
    for name, api in { VERIFIER_LOGGING_QUOTA = "logging", VERIFIER_BUILD_QUOTA = "cloud_build" } : name => join(",", concat(
      [tostring(var.quotas[api])],
      [for id in sort(keys(var.quotas.other)) : "${id}=${var.quotas.other[id][api]}" if var.quotas.other[id][api] != null],
    ))
  }

  settings = merge(
    local.quotas,
    {
      VERIFIER_PROJECTS     = join(",", [for id in sort(keys(local.watched)) : "${id}=${data.google_project.all[id].number}"])
      VERIFIER_REGIONS      = join(",", sort(var.regions))
      VERIFIER_HOME_PROJECT = var.home.project
      VERIFIER_LEDGER       = "firestore:${google_firestore_database.ledger.name}"
      VERIFIER_TIMEOUT      = tostring(var.function.timeout)
      VERIFIER_WORK_TOPIC   = "projects/${var.home.project}/topics/${google_pubsub_topic.work.name}"
      VERIFIER_BILL_WATCHED = var.quotas.bill_watched ? "on" : "off"
    },
    var.slack.webhook ? {} : { VERIFIER_SLACK_CHANNEL = var.slack.channel },
    { for topic in google_pubsub_topic.verdicts : "VERIFIER_TOPIC" => topic.id },
    var.read_uploads ? { VERIFIER_READ_UPLOADS = "true" } : {},
  )
}

resource "google_artifact_registry_repository" "function" {
  project       = var.home.project
  location      = var.home.region
  repository_id = var.home.name
  description   = "The images of the verifier's function."
  format        = "DOCKER"

  cleanup_policies {
    id     = "keep-the-newest"
    action = "KEEP"
    most_recent_versions {
      keep_count = 5
    }
  }
  cleanup_policies {
    id     = "delete-what-is-old"
    action = "DELETE"
    condition {
      older_than = "2592000s" # 30 days
    }
  }
}

resource "google_cloudfunctions2_function" "verifier" {
  project     = var.home.project
  location    = var.home.region
  name        = var.home.name
  description = "One verdict for every build: is it the commit that was pushed, and does it work?"

  build_config {
    runtime           = "python314"
    entry_point       = "verify"
    docker_repository = google_artifact_registry_repository.function.id
    service_account   = google_service_account.account["builder"].id
    source {
      storage_source {
        bucket = google_storage_bucket.source.name
        object = google_storage_bucket_object.bundle.name
      }
    }
  }

  service_config {
    service_account_email          = google_service_account.account["function"].email
    ingress_settings               = "ALLOW_INTERNAL_ONLY"
    all_traffic_on_latest_revision = true
    timeout_seconds                = var.function.timeout
    environment_variables          = local.settings

    # `make bench`: 117 MiB at the most after verdicts of each kind, and up to 32 MiB more while a worker's logs are read.
    # With four requests at once that is 245 MiB; twice as much leaves room for a large page.
    available_memory = var.function.memory
    # Requests mostly wait for Google and for Slack. The framework serves four at once on each CPU, so more would queue
    # inside an instance; and more than one at a time needs a whole CPU.
    available_cpu                    = "1"
    max_instance_request_concurrency = 4
    # Slack takes one message a second, Cloud Logging sixty reads a minute: sixteen requests at once saturate both, and a
    # backlog waits in Pub/Sub. Nobody waits for an answer, so no instance is kept warm.
    max_instance_count = var.function.max_instances
    min_instance_count = 0

    secret_environment_variables {
      key        = local.slack_secret
      project_id = var.home.project
      secret     = google_secret_manager_secret.slack.secret_id
      version    = "latest"
    }
  }

  depends_on = [terraform_data.permissions]
}
