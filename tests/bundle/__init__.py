"""What is deployed boots and judges: the very files that Terraform uploads, with nothing but their requirements."""
