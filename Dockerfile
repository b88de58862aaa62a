# The image of the server: Node, git, their libraries and our own files, in an otherwise empty image. No shell, no
# package manager. `npm run image -- tar FILE` packs the same files without an engine.
FROM debian:bookworm-slim AS build
RUN apt-get update \
  && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends ca-certificates git nodejs npm \
  && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
RUN npm run --silent image -- rootfs /rootfs

FROM scratch
COPY --from=build /rootfs /
ENV PATH=/usr/bin HOME=/tmp
# What it is made of is in /sbom.cdx.json (CycloneDX).
USER 10001:10001
WORKDIR /work
EXPOSE 7117
ENTRYPOINT ["/usr/bin/node", "/app/dist/main.mjs"]
CMD ["--help"]
