"""The suite in containers: images, the jobs that prepare a deployment, and the play through its gateway."""
