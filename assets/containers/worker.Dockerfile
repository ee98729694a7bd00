# Function and worker in one image, for Lambda, ECS, Kubernetes and a laptop.
#
# On Lambda the worker becomes the function and does nothing else; everywhere else it takes tasks from the activity or
# queue that LOVELESS_ACTIVITY or LOVELESS_QUEUE names. For `ecs:runTask.waitForTaskToken` the task definition's entry
# point is ["/loveless", "run-task", "--", "/function"].
#
# Give the container a stop time-out above LOVELESS_DRAIN (25 s): ECS `stopTimeout`, Kubernetes
# `terminationGracePeriodSeconds`.
#
# `assets/containers/build` makes the folder that this is built from. BASE can be any image.
ARG BASE=scratch
FROM ${BASE}
COPY ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --chown=65532:65532 tmp /tmp
COPY loveless /loveless
COPY function /function
USER 65532:65532
ENTRYPOINT ["/loveless", "worker", "--", "/function"]
