# docker build -t execution-context-gateway .
FROM node:24-alpine AS build
WORKDIR /build
COPY . .
RUN docker/build.sh /app

FROM node:24-alpine
ENV NODE_ENV=production HOST=0.0.0.0
WORKDIR /app
COPY --from=build /app .
USER node
EXPOSE 4000
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s CMD ["node", "healthcheck.js"]
# Without a shell or npm in between, SIGTERM reaches the gateway.
CMD ["node", "dist/main.js"]
