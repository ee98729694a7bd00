# The function alone, as Lambda runs a container image: one static program.
#
# `assets/containers/build` makes the folder that this is built from. Nothing is fetched, so it builds offline and with
# the classic builder. BASE can be any image, for a function that needs more than itself:
#   docker build --build-arg BASE=public.ecr.aws/lambda/provided:al2023 …
ARG BASE=scratch
FROM ${BASE}
# Certificates of the authorities that TLS connections are checked against.
COPY ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --chown=65532:65532 tmp /tmp
COPY function /function
USER 65532:65532
ENTRYPOINT ["/function"]
