"""Drive the container engine: one labelled session per evaluation, allowed base images, the build network."""
