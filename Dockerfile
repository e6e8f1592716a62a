# syntax=docker/dockerfile:1
FROM node:22-bookworm-slim AS web
WORKDIR /src/web
COPY web/package.json web/package-lock.json web/.npmrc ./
RUN npm ci --no-audit --no-fund
COPY web/ ./
RUN npm run build

FROM rust:1.95-bookworm AS build
RUN apt-get update && apt-get install -y --no-install-recommends cmake && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
COPY --from=web /src/web/dist web/dist
RUN --mount=type=cache,target=/usr/local/cargo/registry --mount=type=cache,target=/src/target \
    cargo build --release --locked -p casp && cp target/release/casp /usr/local/bin/casp

FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates flite pocketsphinx pocketsphinx-en-us \
    && rm -rf /var/lib/apt/lists/* && useradd --system --create-home casp \
    && install --directory --owner casp /home/casp/recordings
COPY --from=build /usr/local/bin/casp /usr/local/bin/casp
USER casp
WORKDIR /home/casp
EXPOSE 8080
ENTRYPOINT ["casp"]
CMD ["control-api"]
