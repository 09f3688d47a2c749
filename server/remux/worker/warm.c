/* SPDX-License-Identifier: Apache-2.0 */
#include "remux/worker/warm.h"

#include "crypto/seal.h"
#include "remux/worker/picture.h"
#include "remux/worker/transcode.h"

#include <iconv.h>
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/cpu.h>
#include <libavutil/log.h>
#include <malloc.h>
#include <time.h>

enum { KEEP_BYTES = 64 << 20, TOP_PAD_BYTES = 128 << 10 };

/* Memory given back would be faulted in again a moment later, once per group of pictures. */
static void set_heap(void)
{
    mallopt(M_MMAP_THRESHOLD, KEEP_BYTES);
    mallopt(M_TRIM_THRESHOLD, KEEP_BYTES);
    mallopt(M_TOP_PAD, TOP_PAD_BYTES);
}

/* Names in transport streams come in the character set of DVB; dates in MP4 in local time. The
 * tables stay loaded as long as the converter is open, so it is never closed. */
static void warm_libc(void)
{
    tzset();
    (void)iconv_open("UTF-8", "ISO6937");
}

void warm_libraries(void)
{
    set_heap();
    warm_libc();
    av_log_set_level(AV_LOG_QUIET);
    av_get_cpu_flags();
    static const char *const demuxers[] = {"mov", "mpegts", "matroska"};
    for (size_t i = 0; i < ARRAY_LEN(demuxers); i++) {
        (void)av_find_input_format(demuxers[i]);
    }
    (void)av_guess_format("mp4", NULL, NULL);
    seal_warm();
    picture_warm();
    transcode_warm();
}
