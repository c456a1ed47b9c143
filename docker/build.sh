#!/bin/sh
# Builds the gateway in the present folder, and leaves in $1 what it takes to run it. The Dockerfile
# runs it in the image, and .ci/image in a clean folder.
set -eu

npm ci --no-audit --no-fund
npm run --silent build
npm prune --omit=dev --no-audit --no-fund
mkdir -p "$1"
cp -R dist node_modules package.json schema.graphql LICENSE docker/healthcheck.js "$1"
