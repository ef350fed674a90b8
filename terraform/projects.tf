# What stands in the watched projects: the topic that Cloud Build announces builds on, and the sink that tells of jobs that
# have ended. The subscriptions are at home: internal ingress lets in only pushes of the function's own project.

data "google_project" "all" {
  for_each   = toset(concat([var.home.project], keys(var.projects)))
  project_id = each.value
}

locals {
  watched   = { for id, project in var.projects : id => project if project.watch }
  with_jobs = { for id, project in var.projects : id => project if length(project.jobs) > 0 }
  looked_at = {
    for id, project in var.projects : id => setunion(project.jobs, project.watch_jobs)
    if length(project.jobs) + length(project.watch_jobs) > 0
  }
  jobs = merge([
    for id, project in var.projects : {
      for job in project.jobs : "${id}/${job}" => { project = id, region = split("/", job)[0], name = split("/", job)[1] }
    }
  ]...)

  # As policy names them: PROJECT/REGION/JOB, or REGION/JOB in the project of the build.
  policy_jobs             = flatten(regexall("(?m)^\\s*job\\s*=\\s*[\"']([^\"']+)[\"']", local.policy_text))
  granted_jobs            = flatten([for key, job in local.jobs : [key, "${job.region}/${job.name}"]])
  jobs_without_permission = sort(setsubtract(local.policy_jobs, local.granted_jobs))

  # No other table of a policy has a key `jobs`.
  policy_watch_jobs = sort(flatten([
    for list in flatten(regexall("\\bjobs[\"']?\\s*=\\s*\\[([^\\]]*)\\]", replace(local.policy_text, "/#[^\n]*/", ""))) :
    regexall("[\"']([^\"']+)[\"']", list)
  ]))
  looked_at_jobs  = flatten([for id, jobs in local.looked_at : [for job in jobs : ["${id}/${job}", job]] if contains(keys(local.watched), id)])
  jobs_not_routed = sort(setsubtract(local.policy_watch_jobs, local.looked_at_jobs))

  # Cloud Build publishes to this name, if the topic is there, and to no other.
  builds_topics = {
    for id, project in local.watched : id =>
    project.create_topic ? google_pubsub_topic.builds[id].id : "projects/${id}/topics/cloud-builds"
  }
}

check "every_worker_may_be_started" {
  assert {
    condition     = length(local.jobs_without_permission) == 0
    error_message = "The policy names jobs that are listed under no project, so the verifier may not start them: ${join(", ", local.jobs_without_permission)}. Add each to projects as jobs = [\"REGION/JOB\"]."
  }
}

check "every_watched_job_is_looked_at" {
  assert {
    condition     = length(local.jobs_not_routed) == 0
    error_message = "The policy watches jobs that are listed under no watched project, so the verifier hears of none of their runs: ${join(", ", local.jobs_not_routed)}. Add each to projects as watch_jobs = [\"REGION/JOB\"]."
  }
}

resource "google_pubsub_topic" "builds" {
  for_each = { for id, project in local.watched : id => project if project.create_topic }
  project  = each.key
  name     = "cloud-builds"
}

resource "google_logging_project_sink" "executions" {
  for_each               = local.looked_at
  project                = each.key
  name                   = "${var.home.name}-executions"
  description            = "Executions that have ended, of the jobs that show whether builds work, and of those that are looked at."
  destination            = "pubsub.googleapis.com/${google_pubsub_topic.executions.id}"
  unique_writer_identity = true
  filter                 = <<-EOT
    log_id("cloudaudit.googleapis.com/system_event")
    resource.type="cloud_run_job"
    resource.labels.job_name=(${join(" OR ", [for name in sort(distinct([for job in each.value : split("/", job)[1]])) : "\"${name}\""])})
    protoPayload.methodName="/Jobs.RunJob"
    labels."run.googleapis.com/execution_name":*
  EOT
}
