// Glue: requests of postern.kv-store/1 in, the store's results out.

#include "store.hpp"

#include <postern/plugin.hpp>

#include <memory>
#include <string>
#include <vector>

namespace {

using namespace postern_kv_memory;

constexpr std::chrono::milliseconds longest_unwritten{1000};

class kv_memory {
public:
    explicit kv_memory(const postern::host& host) : host_{host}, store_{open(host)} {}
    kv_memory(const kv_memory&) = delete; // answers on their way refer to it
    kv_memory& operator=(const kv_memory&) = delete;

    void on(const postern::kv_store_request& request)
    {
        if (request.operation() == postern::kv_store_operation::scan) {
            const auto found = store_->scan(request.space(), request.prefix(), request.after(), request.limit());
            return answer(request.ticket(), &found.pairs, found.has_more);
        }
        std::vector<item> items;
        items.reserve(request.items().size());
        for (const auto one : request.items())
            items.push_back({one.op, one.flags, one.key, one.value, one.expected, one.number, one.ttl_ns});
        store_->request(
            request.space(), items, request.is_durable(),
            [this, ticket = request.ticket()](const std::vector<result>* results) { answer(ticket, results, false); });
    }

private:
    static std::unique_ptr<store> open(const postern::host& host)
    {
        settings how;
        how.memory = host.config("memory", how.memory);
        how.write_after = host.config("write_after", how.write_after);
        if (how.memory < (std::size_t{1} << 20U))
            host.refuse("memory", "has to be at least 1MiB");
        if (how.write_after > longest_unwritten)
            host.refuse("write_after", "has to be at most 1s");
        const auto path = host.required("path");
        const auto log = [host](severity level, const std::string& line) {
            host.log(level == severity::info      ? postern::log_level::info
                     : level == severity::warning ? postern::log_level::warning
                                                  : postern::log_level::error,
                     line);
        };
        std::string error;
        auto opened = store::open(path, std::move(how), log, error);
        if (opened == nullptr)
            host.refuse("path", path + ": " + error);
        const auto found = opened->measured();
        host.info("pairs=" + std::to_string(found.pairs) + " memory_octets=" + std::to_string(found.octets) +
                  " file_octets=" + std::to_string(found.file_octets));
        return opened;
    }

    void answer(std::uint64_t ticket, const std::vector<result>* results, bool has_more)
    {
        std::vector<postern_kv_result> records;
        if (results != nullptr) {
            records.reserve(results->size());
            for (const auto& one : *results)
                records.push_back(
                    {one.code, 0, postern::sdk::str(one.key), postern::sdk::str(one.value), one.number, one.ttl_ns});
        }
        host_.answer(ticket, postern::kv_store_answer{.result = results != nullptr ? POSTERN_KV_OK : POSTERN_KV_FAILED,
                                                      .results = records,
                                                      .has_more = has_more});
    }

    postern::host host_;
    std::unique_ptr<store> store_;
};

} // namespace

POSTERN_PLUGIN(kv_memory, "org.postern.kv-memory", "1.0");
