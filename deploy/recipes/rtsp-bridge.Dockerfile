# The same bridge as a container: docker run -d --restart always -e RTSP_URL=… -e PUSH_URL=… IMAGE
FROM debian:12-slim
RUN apt-get update && apt-get install -y --no-install-recommends ffmpeg ca-certificates && rm -rf /var/lib/apt/lists/*
USER nobody
ENTRYPOINT ["/bin/sh", "-c", "exec ffmpeg -nostdin -loglevel warning -rtsp_transport tcp -i \"$RTSP_URL\" -c copy -f hls -hls_time 2 -hls_segment_type fmp4 -http_persistent 1 -method PUT \"$PUSH_URL/live.m3u8\""]
