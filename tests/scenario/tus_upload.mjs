// SPDX-License-Identifier: Apache-2.0
// One upload with tus-js-client as npm has it. argv[2]: {file, endpoint, authorization, options, unknownLength, abortAt, terminate}.
// Prints {url, offset, clip, requests} as JSON; exits with 1 and the error otherwise.
import { readFileSync } from "node:fs";
import * as tus from "tus-js-client";

const job = JSON.parse(process.argv[2]);
// A source that does not know its length beforehand. (Node's own streams with a deferred length hang in tus-js-client 4.3.1: it declares
// a whole chunk after the last byte.)
const unknownLength = {
  openFile: async (body) => ({
    size: null,
    slice: async (from, to) => {
      const value = body.subarray(from, to);
      value.size = value.length;
      return { value, done: to >= body.length };
    },
    close() {},
  }),
};
const requests = [];
let clip = null;

function upload(url, abortAt) {
  return new Promise((resolve, reject) => {
    const u = new tus.Upload(readFileSync(job.file), {
      endpoint: job.endpoint,
      uploadUrl: url,
      headers: { Authorization: job.authorization },
      retryDelays: [0, 100, 500, 1000],
      ...(job.unknownLength ? { fileReader: unknownLength } : {}),
      ...job.options,
      onBeforeRequest: (request) => requests.push(request.getMethod()),
      onAfterResponse: (request, response) => {
        clip = response.getHeader("Doorward-Clip") || clip;
      },
      onProgress: (sent) => {
        if (abortAt && sent >= abortAt) {
          abortAt = 0;
          u.abort(job.terminate === true).then(() => resolve(u), reject);
        }
      },
      onSuccess: () => resolve(u),
      onError: reject,
    });
    u.start();
  });
}

async function main() {
  let u = await upload(job.url || null, job.abortAt || 0);
  if (job.abortAt && !job.terminate) {
    u = await upload(u.url, 0);
  }
  console.log(JSON.stringify({ url: u.url, clip, requests }));
}

main().catch((error) => {
  console.error(String(error), error.originalResponse && error.originalResponse.getBody());
  process.exit(1);
});
