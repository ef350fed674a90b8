# Who may do what. Custom roles where no predefined role is as small; on the resource itself where the platform has policies
# there. Projects hold what has no narrower place: builds, log entries, and executions, which a job's own policy does not
# cover (and which show as much of a job as the job itself). Every binding is one member of one role, so that nothing that
# others granted is taken away.

locals {
  pubsub = "serviceAccount:service-${data.google_project.all[var.home.project].number}@gcp-sa-pubsub.iam.gserviceaccount.com"

  # Who submitted a build is in the project's audit logs, and is read only where policy asks for it.
  names_submitter = can(regex("(?m)^[^#\n]*name_submitter\\s*=\\s*true", local.policy_text))

  home_roles = {
    ledger = {
      title       = "reads and writes the ledger"
      permissions = ["datastore.entities.create", "datastore.entities.delete", "datastore.entities.get", "datastore.entities.list", "datastore.entities.update"]
    }
    audit = {
      title       = "writes the audit trail"
      permissions = ["logging.logEntries.create"]
    }
  }
  reader_permissions = {
    for id, project in var.projects : id => sort(distinct(concat(
      project.watch ? ["cloudbuild.builds.get", "cloudbuild.builds.list"] : [],
      contains(keys(local.looked_at), id) ? ["run.executions.get", "run.executions.list", "run.jobs.get"] : [],
      contains(keys(local.looked_at), id) || (project.watch && local.names_submitter) ? ["logging.logEntries.list"] : [],
      # A project pays with its own quota for what is read in it. The home project does so without being named.
      var.quotas.bill_watched && id != var.home.project ? ["serviceusage.services.use"] : [],
    )))
  }

  # The buckets that gcloud stages uploads in; it writes a project's id without the word google. A condition takes twelve
  # operators: six buckets.
  upload_buckets = var.read_uploads ? {
    for id in keys(local.watched) : id => chunklist(concat(
      ["${replace(id, "google", "elgoog")}_cloudbuild"],
      [for region in sort(setsubtract(var.regions, ["global"])) : "run-sources-${id}-${region}"],
    ), 6)
  } : {}
  upload_grants = merge([for id, chunks in local.upload_buckets : {
    for number, buckets in chunks : "${id}/${number}" => { project = id, buckets = buckets }
  }]...)

  custom_roles = merge(
    { for key, role in local.home_roles : key => merge(role, { project = var.home.project, kind = key }) },
    { for id, permissions in local.reader_permissions : "reader/${id}" => {
      title       = "looks at builds, executions and logs"
      permissions = permissions
      project     = id
      kind        = "reader"
    } },
    { for id in keys(local.upload_buckets) : "uploads/${id}" => {
      title       = "reads what builds were made from"
      permissions = ["storage.objects.get"]
      project     = id
      kind        = "uploads"
    } },
    { for id in keys(local.with_jobs) : "runner/${id}" => {
      title       = "starts a worker's job"
      permissions = ["run.jobs.run", "run.jobs.runWithOverrides"]
      project     = id
      kind        = "runner"
    } },
  )
  roles = { for key, role in google_project_iam_custom_role.role : key => "projects/${role.project}/roles/${role.role_id}" }
}

resource "google_project_iam_custom_role" "role" {
  for_each    = local.custom_roles
  project     = each.value.project
  role_id     = "${replace(var.home.name, "-", "_")}_${each.value.kind}"
  title       = "Build Verifier: ${each.value.title}"
  permissions = each.value.permissions
}

# In each project that is looked after.

resource "google_project_iam_member" "reader" {
  for_each = var.projects
  project  = each.key
  role     = local.roles["reader/${each.key}"]
  member   = local.members.function
}

resource "google_project_iam_member" "uploads" {
  for_each = local.upload_grants
  project  = each.value.project
  role     = local.roles["uploads/${each.value.project}"]
  member   = local.members.function
  condition {
    title = "The buckets of uploads alone ${each.key}"
    expression = join(" || ", flatten([for bucket in each.value.buckets : [
      "resource.name == \"projects/_/buckets/${bucket}\"",
      "resource.name.startsWith(\"projects/_/buckets/${bucket}/objects/\")",
    ]]))
  }
}

# The workers' jobs alone: nothing may start a job that is only looked at.
resource "google_cloud_run_v2_job_iam_member" "runner" {
  for_each = local.jobs
  project  = each.value.project
  location = each.value.region
  name     = each.value.name
  role     = local.roles["runner/${each.value.project}"]
  member   = local.members.function
}

resource "google_pubsub_topic_iam_member" "executions" {
  for_each = google_logging_project_sink.executions
  project  = var.home.project
  topic    = google_pubsub_topic.executions.name
  role     = "roles/pubsub.publisher"
  member   = each.value.writer_identity
}

# At home: the function.

resource "google_project_iam_member" "ledger" {
  project = var.home.project
  role    = local.roles["ledger"]
  member  = local.members.function
  condition {
    title      = "This database alone"
    expression = "resource.name == \"projects/${var.home.project}/databases/${google_firestore_database.ledger.name}\""
  }
}

resource "google_project_iam_member" "audit" {
  project = var.home.project
  role    = local.roles["audit"]
  member  = local.members.function
}

resource "google_secret_manager_secret_iam_member" "slack" {
  project   = var.home.project
  secret_id = google_secret_manager_secret.slack.secret_id
  role      = "roles/secretmanager.secretAccessor"
  member    = local.members.function
}

resource "google_pubsub_topic_iam_member" "verdicts" {
  for_each = { for topic in google_pubsub_topic.verdicts : "verdicts" => topic }
  project  = var.home.project
  topic    = each.value.name
  role     = "roles/pubsub.publisher"
  member   = local.members.function
}

resource "google_pubsub_topic_iam_member" "work" {
  project = var.home.project
  topic   = google_pubsub_topic.work.name
  role    = "roles/pubsub.publisher"
  member  = local.members.function
}

# At home: the messages.

resource "google_cloud_run_v2_service_iam_member" "push" {
  project  = var.home.project
  location = var.home.region
  name     = google_cloudfunctions2_function.verifier.name
  role     = "roles/run.servicesInvoker"
  member   = local.members.push
}

resource "google_service_account_iam_member" "push_token" {
  service_account_id = google_service_account.account["push"].name
  role               = "roles/iam.serviceAccountOpenIdTokenCreator"
  member             = local.pubsub
  depends_on         = [google_pubsub_topic.sweep] # Pub/Sub's own account exists once Pub/Sub was used
}

resource "google_pubsub_topic_iam_member" "dead_letters" {
  project = var.home.project
  topic   = google_pubsub_topic.dead_letters.name
  role    = "roles/pubsub.publisher"
  member  = local.pubsub
}

resource "google_pubsub_subscription_iam_member" "dead_letters" {
  for_each     = { for name, subscription in local.subscriptions : name => subscription if subscription.keep }
  project      = var.home.project
  subscription = google_pubsub_subscription.push[each.key].name
  role         = "roles/pubsub.subscriber"
  member       = local.pubsub
}

# At home: building the function.

resource "google_project_iam_member" "builder_logs" {
  project = var.home.project
  role    = local.roles["audit"]
  member  = local.members.builder
}

resource "google_artifact_registry_repository_iam_member" "builder" {
  project    = var.home.project
  location   = var.home.region
  repository = google_artifact_registry_repository.function.name
  role       = "roles/artifactregistry.writer"
  member     = local.members.builder
}

resource "google_storage_bucket_iam_member" "builder" {
  bucket = google_storage_bucket.source.name
  role   = "roles/storage.objectViewer"
  member = local.members.builder
}

# Cloud Functions builds from a copy in a bucket of its own, which it makes at the first deployment: the name is known before.
resource "google_project_iam_member" "builder_copy" {
  project = var.home.project
  role    = "roles/storage.objectViewer"
  member  = local.members.builder
  condition {
    title      = "The bucket of Cloud Functions alone"
    expression = "resource.name.startsWith(\"projects/_/buckets/gcf-v2-sources-${data.google_project.all[var.home.project].number}-${var.home.region}\")"
  }
}

# Made before the rest (README.md, "Install"): a permission takes minutes to arrive, and nothing builds or starts without these.
resource "terraform_data" "permissions" {
  depends_on = [
    google_artifact_registry_repository_iam_member.builder,
    google_project_iam_member.audit,
    google_project_iam_member.builder_copy,
    google_project_iam_member.builder_logs,
    google_project_iam_member.ledger,
    google_secret_manager_secret_iam_member.slack,
    google_storage_bucket_iam_member.builder,
  ]
}
