# The function's source: what it imports when its ledger is Firestore, its locked requirements, and the policy.

locals {
  bundle_root = "${path.module}/.."

  # Left out: whole packages that the function never imports, and the adapters that they alone use.
  not_bundled = "^verifier/(standin|demo|history|doctor|cli)/|^verifier/__main__|facts/comparison/|facts/upload/ignore[.]py|adapters/(build|job)_history|adapters/(account|completions|service_count|sqlite)[.]py|adapters/(build_files|build_search|comparer|git|git_clone)[.]py"
  bundle_files = sort(concat(["main.py", "requirements.txt"], [
    for path in fileset(local.bundle_root, "verifier/**/*.py") : path if !can(regex(local.not_bundled, path))
  ]))

  # Deploying the function is a build without a commit, which would be reported at every upgrade. The account is used for
  # nothing else. Its address is spelled out so that the bundle is known when planning.
  builder_email = "${var.home.name}-builder@${var.home.project}.iam.gserviceaccount.com"
  policy_text   = <<-EOT
    ${trimspace(file(var.policy_file))}

    [[exemption]]
    reason = "This is the build of the verifier's own function, from the source that Terraform uploads"
    tool = "Cloud Functions"
    service_account = "${local.builder_email}"
  EOT
}

data "archive_file" "bundle" {
  type        = "zip"
  output_path = "${path.module}/.terraform/${var.home.name}.zip"

  dynamic "source" {
    for_each = toset(local.bundle_files)
    content {
      filename = source.value
      content  = file("${local.bundle_root}/${source.value}")
    }
  }
  source {
    filename = "policy.toml"
    content  = local.policy_text
  }
}

resource "google_storage_bucket" "source" {
  project                     = var.home.project
  name                        = "${var.home.project}-${var.home.name}-source"
  location                    = var.home.region
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  force_destroy               = true # it holds nothing that this repository does not
}

resource "google_storage_bucket_object" "bundle" {
  bucket = google_storage_bucket.source.name
  name   = "${data.archive_file.bundle.output_sha256}.zip"
  source = data.archive_file.bundle.output_path
}
