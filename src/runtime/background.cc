#include "runtime/background.h"

#include <utility>

#include "base/assert.h"

namespace grapevine {

void Background::run(std::function<void()> work, std::function<void()> done) {
    auto job = std::make_unique<Job>();
    job->work = std::move(work);
    job->done = std::move(done);
    job->owner = alive_;
    job->request.data = job.get();
    const int error = uv_queue_work(
        loop_.get(), &job->request,
        [](uv_work_t* request) { static_cast<Job*>(request->data)->work(); },
        [](uv_work_t* request, int) {
            const std::unique_ptr<Job> ended(static_cast<Job*>(request->data));
            if (!ended->owner.expired()) ended->done();
        });
    ASSERT(error == 0, "{}", uv_strerror(error));
    job.release();  // to its request
}

}  // namespace grapevine
