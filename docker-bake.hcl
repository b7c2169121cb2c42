# The images of this project, for docker buildx bake. docs/publishing.md describes it.
#
#   docker buildx bake -f docker-bake.hcl --print                        what would be built
#   PLATFORMS=linux/amd64 docker buildx bake -f docker-bake.hcl --load   the three images, for this machine
#   docker buildx bake -f docker-bake.hcl serving                        a group; they are at the end of this file
#
# Without -f, bake would add the services of docker-compose.yml. `python App07.py publish` builds with this file, one
# platform at a time, and sets the variables. A builder of the driver docker-container builds several at a time:
#   REGISTRY=registry.example.org/course/ docker buildx bake -f docker-bake.hcl --push

# Before the names of the images: HOST/NAME/, or nothing.
variable "REGISTRY" {
  default = ""
}

# The tag; targets of codebase append their name, as in latest-serving.
variable "IMAGE_TAG" {
  default = "latest"
}

# Separated by commas.
variable "PLATFORMS" {
  default = "linux/amd64,linux/arm64"
}

# The values of labels that change with every commit. They are labels of the build and no build arguments of the
# Dockerfiles, so no step of a build depends on them. An empty one is left out.
variable "IMAGE_VERSION" {
  default = ""
}
variable "IMAGE_REVISION" {
  default = ""
}
variable "IMAGE_SOURCE" {
  default = ""
}

# Seconds since 1970, of the commit; newer builders also give this time to the files of the image.
variable "SOURCE_DATE_EPOCH" {
  default = ""
}

# Base images; an empty one is that of the Dockerfile.
variable "BUSYBOX_IMAGE" {
  default = ""
}
variable "PYTHON_IMAGE" {
  default = ""
}
variable "NGINX_IMAGE" {
  default = "debian"
}
variable "PROMETHEUS_IMAGE" {
  default = "debian"
}

# The files that become part of the data images.
variable "MODEL_FILE" {
  default = "currentSolution.pkl"
}
variable "LEARNING_FILE" {
  default = "currentLearning.csv"
}

function "or_null" {
  params = [value]
  result = value == "" ? null : value
}

target "_image" {
  platforms = split(",", PLATFORMS)
  labels = {
    "org.opencontainers.image.version"  = or_null(IMAGE_VERSION)
    "org.opencontainers.image.revision" = or_null(IMAGE_REVISION)
    "org.opencontainers.image.source"   = or_null(IMAGE_SOURCE)
    "org.opencontainers.image.created"  = SOURCE_DATE_EPOCH == "" ? null : timeadd("1970-01-01T00:00:00Z", "${SOURCE_DATE_EPOCH}s")
  }
}

target "_busybox" {
  inherits = ["_image"]
  args     = { BUSYBOX = or_null(BUSYBOX_IMAGE) }
}

target "_codebase" {
  inherits = ["_image"]
  context  = "container3_codebase"
  args     = { PYTHON = or_null(PYTHON_IMAGE) }
}

# --- the pipeline: docker-compose.yml

target "activationbase" {
  inherits = ["_busybox"]
  context  = "container1_activationbase"
  tags     = ["${REGISTRY}activationbase_app07:${IMAGE_TAG}"]
}

target "knowledgebase" {
  inherits = ["_busybox"]
  context  = "container2_knowledgebase"
  args     = { MODEL_FILE = MODEL_FILE }
  tags     = ["${REGISTRY}knowledgebase_app07:${IMAGE_TAG}"]
}

target "codebase" {
  inherits = ["_codebase"]
  target   = "codebase"
  tags     = ["${REGISTRY}codebase_app07:${IMAGE_TAG}"]
}

target "codebase-fast" {
  inherits = ["_codebase"]
  target   = "fast"
  tags     = ["${REGISTRY}codebase_app07:${IMAGE_TAG}-fast"]
}

# --- docker-compose.gpu-nvidia.yml

target "codebase-gpu" {
  inherits = ["_codebase"]
  target   = "gpu"
  args     = { GPU_PACKAGES = "cuda" }
  tags     = ["${REGISTRY}codebase_app07_gpu:${IMAGE_TAG}"]
}

# --- docker-compose.training.yml

target "learningbase" {
  inherits = ["_busybox"]
  context  = "container4_learningbase"
  args     = { LEARNING_FILE = LEARNING_FILE }
  tags     = ["${REGISTRY}learningbase_app07:${IMAGE_TAG}"]
}

target "codebase-training" {
  inherits = ["_codebase"]
  target   = "training"
  tags     = ["${REGISTRY}codebase_app07:${IMAGE_TAG}-training"]
}

target "tracking" {
  inherits = ["_image"]
  context  = "container5_tracking"
  args     = { PYTHON = or_null(PYTHON_IMAGE) }
  tags     = ["${REGISTRY}tracking_app07:${IMAGE_TAG}"]
}

# --- docker-compose.serving.yml, docker-compose.monitoring.yml

target "codebase-serving" {
  inherits = ["_codebase"]
  target   = "serving"
  tags     = ["${REGISTRY}codebase_app07:${IMAGE_TAG}-serving"]
}

target "codebase-serving-fast" {
  inherits = ["_codebase"]
  target   = "serving-fast"
  tags     = ["${REGISTRY}codebase_app07:${IMAGE_TAG}-serving-fast"]
}

target "front" {
  inherits = ["_busybox"]
  context  = "container6_front"
  args     = { PYTHON = or_null(PYTHON_IMAGE), NGINX = NGINX_IMAGE }
  tags     = ["${REGISTRY}front_app07:${IMAGE_TAG}"]
}

target "monitoring" {
  inherits = ["_busybox"]
  context  = "container7_monitoring"
  args     = { PYTHON = or_null(PYTHON_IMAGE), PROMETHEUS = PROMETHEUS_IMAGE }
  tags     = ["${REGISTRY}monitoring_app07:${IMAGE_TAG}"]
}

# --- groups

group "default" {
  targets = ["activationbase", "knowledgebase", "codebase"]
}

group "fast" {
  targets = ["codebase-fast"]
}

group "gpu" {
  targets = ["codebase-gpu"]
}

group "training" {
  targets = ["learningbase", "knowledgebase", "codebase-training", "tracking"]
}

group "serving" {
  targets = ["knowledgebase", "codebase-serving", "front"]
}

# A group may not have the name of a target.
group "monitored" {
  targets = ["serving", "monitoring"]
}

group "all" {
  targets = ["default", "fast", "gpu", "training", "serving", "codebase-serving-fast", "monitoring"]
}
