#include "core/host/plugin_instance.hpp"

#include "core/host/call_words.hpp"
#include "core/host/plugin_calls.hpp"
#include "core/host/record_layout.hpp"
#include "core/host/reply_reader.hpp"

#include <postern/abi/delivery.h>
#include <postern/abi/health.h>
#include <postern/abi/hooks.h>
#include <postern/abi/observe.h>
#include <postern/abi/lifecycle.h>
#include <postern/abi/spool.h>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <utility>

namespace postern::daemon {
namespace {

constexpr std::size_t most_log_text = 8192;
constexpr std::uint64_t longest_wake_ns = 366ULL * 24 * 3600 * 1'000'000'000ULL;
constexpr auto event_key = ~std::uint64_t{0};                // no session has it
thread_local const plugin_instance* being_created = nullptr; // other threads of the plugin may log meanwhile

static_assert(hooks::hook_point_count <= POSTERN_HOOK_WAKE && POSTERN_HOOK_CONFIG_ABORT < hook_set::capacity);

/// The 1st, the 10th, the 100th ...: a plugin in trouble must not fill the log as well.
bool is_worth_a_line(std::uint64_t count) noexcept
{
    while (count != 0 && count % 10 == 0)
        count /= 10;
    return count == 1;
}

/// Whether it is sent to who subscribes to it as such.
bool is_offered(std::uint32_t hook) noexcept
{
    return hooks::is_hook(hook) || (hook >= POSTERN_HOOK_CONFIG_PREPARE && hook <= POSTERN_HOOK_CONFIG_ABORT);
}

const void* get_service(postern_host*, const char* id) noexcept
{
    return id == nullptr ? nullptr : service_table(id);
}

} // namespace

plugin_instance::plugin_instance(std::shared_ptr<const plugin_library> library, instance_settings settings, base::log log)
    : handle_{library->table().handle}, flags_{library->table().flags}, library_{std::move(library)},
      settings_{std::move(settings)}, label_{label_of(settings_.name, library_->file().string(), is_blocking())}, log_{log},
      host_{this}, metrics_{settings_.services.metrics, library_->file().stem().string(), settings_.name, log},
      notes_{library_->table().id}, is_transport_{library_->provides(POSTERN_DELIVERY_1)},
      all_stale_{settings_.services.metrics->add_counter(
          {"postern_plugin_stale_replies_total", "Answers that came too late or twice"}, {{"plugin", settings_.name}})},
      all_dropped_{settings_.services.metrics->add_counter(
          {"postern_plugin_observations_dropped_total", "Observations that a plugin that lags never got"},
          {{"plugin", settings_.name}})}
{
    option_records_ = records_of(settings_.options);
    if (is_blocking()) {
        pool_ = std::make_unique<blocking_pool>();
    } else if (is_transport_) {
        pool_ = std::make_unique<blocking_pool>(1);
        by_session_ = std::make_unique<std::array<std::mutex, 64>>();
    } else {
        pool_ = std::make_unique<blocking_pool>(1); // its thread begins with the first timer or server event
    }
}

std::shared_ptr<plugin_instance> plugin_instance::create(std::shared_ptr<const plugin_library> library,
                                                         instance_settings settings, base::log log, problems& found)
{
    const auto lane = settings.services.lane;
    std::shared_ptr<plugin_instance> made{new plugin_instance{std::move(library), std::move(settings), log},
                                          [lane](plugin_instance* gone) {
                                              if (lane == nullptr)
                                                  delete gone;
                                              else
                                                  lane->run([gone] { delete gone; });
                                          }};
    const auto& table = made->library_->table();
    postern_create_args args{};
    args.size = sizeof args;
    args.generation = made->settings_.generation;
    args.contract = borrowed("1.0");
    args.name = borrowed(made->settings_.name);

    const auto before = found.size();
    made->begin_timers();
    made->creating_ = &found;
    postern_status status = POSTERN_E_PLUGIN;
    std::string thrown;
    try {
        const plugin_call running{made->label_, in_create, 0};
        being_created = made.get();
        status = table.create(&made->host_, get_service, &args, &made->self_);
    } catch (const std::exception& e) {
        thrown = e.what();
    } catch (...) {
        thrown = "something that is not an exception";
    }
    being_created = nullptr;
    made->creating_ = nullptr;
    if (status == POSTERN_PASS && found.size() == before && made->library_->needs(POSTERN_AUTH_1) && made->logins_.empty())
        found.push_back(
            {made->settings_.where,
             fmt::format("plugin {} ({}): it requires postern.auth/1 and declares nothing of it, so it would never be "
                         "asked about a login; in create, it has to say what it verifies (verifies of postern_auth_1, "
                         "in C++ host.verifies) or bring a mechanism",
                         made->name(), table.id)});
    if (status == POSTERN_PASS && found.size() == before) {
        made->created_ = true;
        made->timers_->open();
        return made;
    }
    if (status == POSTERN_PASS) // it complained and went on all the same
        made->created_ = true;
    if (found.size() == before)
        found.push_back(
            {made->settings_.where, fmt::format("plugin {} ({} {}) could not start: {}", made->name(), table.id, table.version,
                                                !thrown.empty()                  ? "it threw " + thrown
                                                : made->why_not_created_.empty() ? fmt::format("status {}", status)
                                                                                 : made->why_not_created_)});
    return nullptr;
}

plugin_instance::~plugin_instance()
{
    if (timers_ != nullptr)
        timers_->close();
    pool_.reset();
    if (!created_)
        return;
    answers_.end();
    try {
        const plugin_call running{label_, in_destroy, 0};
        library_->table().destroy(self_);
    } catch (...) {
        log_.error("plugin_failed", {{"plugin", name()}, {"cause", "destroy threw"}});
    }
}

postern_status plugin_instance::call_handle(const postern_event& event, std::string* last_error) noexcept
{
    const words_of_a_call listening{*this, last_error};
    std::string thrown;
    try {
        const plugin_call running{label_, event.hook, event.session};
        return handle_(self_, &event);
    } catch (const std::exception& e) { // a breach of the contract, but not the sessions' fault
        thrown = e.what();
    } catch (...) {
        thrown = "it threw what is no exception";
    }
    if (last_error != nullptr) // who asked logs it, with the session
        *last_error = std::move(thrown);
    else
        log_.error("plugin.threw", {{"plugin", name()}, {"hook", event.hook}, {"what", thrown}});
    return POSTERN_E_PLUGIN;
}

std::mutex* plugin_instance::guard_of(std::uint64_t session) noexcept
{
    if ((flags_ & POSTERN_PLUGIN_SERIAL) != 0)
        return &serial_;
    return by_session_ == nullptr ? nullptr : &(*by_session_)[session * 0x9e3779b97f4a7c15U >> 58U];
}

postern_status plugin_instance::handle(const postern_event& event, std::string* last_error) noexcept
{
    auto* const guard = guard_of(event.session);
    if (guard == nullptr)
        return call_handle(event, last_error);
    const std::scoped_lock lock{*guard};
    return call_handle(event, last_error);
}

bool plugin_instance::post(std::uint64_t key, std::function<void()> job, job_kind kind, std::size_t octets)
{
    return pool_->post(
        key, [self = shared_from_this(), run = std::move(job)] { run(); }, kind, octets);
}

bool plugin_instance::post_event(std::function<void()> job, job_kind kind, std::size_t octets)
{
    return post(event_key, std::move(job), kind, octets);
}

void plugin_instance::tell(const postern_event& event, job_kind kind)
{
    if (!is_blocking())
        return notify(event);
    auto copy = std::make_shared<const owned_event>(event);
    const auto octets = copy->octets();
    if (post(
            event.session, [this, own = std::move(copy)] { notify(own->get()); }, kind, octets))
        return;
    dropped_one(event.hook);
}

void plugin_instance::notify(const postern_event& event) noexcept
{
    try {
        std::string cause;
        const auto status = handle(event, &cause);
        if (status >= 0)
            return;
        const auto hook = call_name(event.hook);
        settings_.services.metrics
            ->add_counter({"postern_plugin_failures_total", "Calls in which a plugin failed"},
                          {{"plugin", name()}, {"hook", hook}})
            .add();
        if (!is_worth_a_line(failed_[event.hook % hook_set::capacity].fetch_add(1, std::memory_order_relaxed) + 1))
            return;
        const auto session = base::id_text(event.session);
        const auto why = cause.empty() ? fmt::format("handle returned {}", status) : "it failed: " + cause;
        std::vector<base::log_field> fields;
        if (event.session != 0)
            fields.emplace_back("session", session);
        fields.insert(fields.end(), {{"plugin", name()}, {"hook", hook}, {"cause", why}});
        log_.write(base::log_level::warning, "plugin_failed", fields);
    } catch (const std::exception&) { // no memory for a word about it
    }
}

void plugin_instance::dropped_one(std::uint32_t hook)
{
    all_dropped_.add();
    const auto dropped = dropped_.fetch_add(1, std::memory_order_relaxed) + 1;
    if (is_worth_a_line(dropped))
        log_.error("plugin_overrun", {{"plugin", name()}, {"hook", hook}, {"dropped", dropped}});
}

postern_ev_wake plugin_instance::wake_record(std::uint64_t session, std::uint64_t token, bool is_cancelled) const noexcept
{
    postern_ev_wake record{};
    record.ev.size = sizeof record;
    record.ev.hook = POSTERN_HOOK_WAKE;
    record.ev.flags = is_cancelled ? POSTERN_WAKE_CANCELLED : 0;
    record.ev.session = session;
    record.ev.cookie = sessions_.cookie(session);
    record.token = token;
    return record;
}

postern_status plugin_instance::subscribe(std::uint32_t hook, std::uint32_t flags) noexcept
{
    if (creating_ == nullptr)
        return POSTERN_E_DENIED;
    if (hook == POSTERN_HOOK_EVENT)
        return subscribe_to_events(flags);
    if (hook == POSTERN_HOOK_HEALTH && flags == 0) {
        wants_health_ = true;
        return POSTERN_PASS;
    }
    if (hook == POSTERN_HOOK_AUTH_STEP || hook == POSTERN_HOOK_AUTH_VERIFY) // secrets: for who declares that it needs them
        return POSTERN_E_INVALID;
    const bool observes = (flags & POSTERN_SUBSCRIBE_OBSERVE) != 0;
    if (!is_offered(hook) || (flags & ~POSTERN_SUBSCRIBE_OBSERVE) != 0 || (observes && hook >= hooks::hook_point_count))
        return POSTERN_E_INVALID;
    if (subscribed_.has(hook) && observed_.has(hook) != observes) { // who decides would only watch, and nobody would know
        log_.error("plugin_failed", {{"plugin", name()},
                                     {"hook", hooks::name_of(static_cast<hooks::hook_point>(hook))},
                                     {"cause", "it asks to observe and to decide"}});
        return POSTERN_E_INVALID;
    }
    subscribed_.add(hook);
    if (observes)
        observed_.add(hook);
    return POSTERN_PASS;
}

/// Kinds that this host does not know are those of a later one: they never come.
postern_status plugin_instance::subscribe_to_events(std::uint32_t kinds) noexcept
{
    const auto wanted = kinds == 0 ? ~std::uint32_t{1} : kinds;
    if ((wanted & 1U) != 0 || (observed_kinds_ != 0 && observed_kinds_ != wanted))
        return POSTERN_E_INVALID;
    observed_kinds_ = wanted;
    return POSTERN_PASS;
}

template <class All, class What>
postern_status plugin_instance::declare_to(All& all, const What& what) noexcept
{
    if (creating_ == nullptr)
        return POSTERN_E_DENIED;
    try {
        if (const auto wrong = all.add(what)) {
            creating_->push_back({settings_.where, fmt::format("plugin {} ({}): {}", name(), library_->table().id, *wrong)});
            return POSTERN_E_INVALID;
        }
    } catch (const std::exception&) {
        return POSTERN_E_AGAIN; // no memory
    }
    return POSTERN_PASS;
}

/// Whoever declares a verb hears of it.
template <class What>
postern_status plugin_instance::declare(const What* what) noexcept
{
    const auto status = what == nullptr ? POSTERN_E_INVALID : declare_to(extensions_, *what);
    if (status == POSTERN_PASS && extensions_.has_verbs()) {
        subscribed_.add(POSTERN_HOOK_VERB);
        subscribed_.add(POSTERN_HOOK_VERB_DATA);
    }
    return status;
}
template postern_status plugin_instance::declare(const postern_keyword*) noexcept;
template postern_status plugin_instance::declare(const postern_verb*) noexcept;
template postern_status plugin_instance::declare(const postern_param_kind*) noexcept;

/// Whoever declares a mechanism hears what is said in it, and whoever verifies is asked.
postern_status plugin_instance::declare(const postern_mechanism* what) noexcept
{
    const auto status = what == nullptr ? POSTERN_E_INVALID : declare_to(logins_, *what);
    if (status == POSTERN_PASS)
        subscribed_.add(POSTERN_HOOK_AUTH_STEP);
    return status;
}

postern_status plugin_instance::declare_verified(std::uint32_t kinds) noexcept
{
    const auto status = declare_to(logins_, kinds);
    if (status == POSTERN_PASS)
        subscribed_.add(POSTERN_HOOK_AUTH_VERIFY);
    return status;
}

postern_status plugin_instance::reply(std::uint64_t ticket, const postern_reply* reply) noexcept
{
    const auto status = tickets_.answer(ticket, reply);
    if (status == POSTERN_E_STALE) {
        stale_replies_.fetch_add(1, std::memory_order_relaxed);
        all_stale_.add();
        log_.debug("plugin.stale_reply", {{"plugin", name()}, {"ticket", ticket}});
    }
    return status;
}

postern_status plugin_instance::set_cookie(std::uint64_t session, std::uint64_t cookie) noexcept
{
    return sessions_.set_cookie(session, cookie) ? POSTERN_PASS : POSTERN_E_STALE;
}

postern_status plugin_instance::wake(std::uint64_t session, std::uint64_t token, std::uint64_t delay_ns) noexcept
{
    const auto port = sessions_.port(session);
    auto face = face_.lock();
    if (port == nullptr || face == nullptr)
        return POSTERN_E_STALE;
    const auto delay = std::chrono::nanoseconds{static_cast<std::int64_t>(std::min(delay_ns, longest_wake_ns))};
    return port->wake(std::move(face), token, delay) ? POSTERN_PASS : POSTERN_E_STALE;
}

void plugin_instance::say(std::uint32_t level, postern_str text) noexcept
{
    if (!is_sound(text))
        return;
    const auto as = static_cast<base::log_level>(std::min(level, POSTERN_LOG_ERROR));
    const auto said = view(text).substr(0, most_log_text);
    if (being_created == this && as == base::log_level::error)
        why_not_created_ = said;
    if (as == base::log_level::error)
        words_of_a_call::say(*this, said);
    log_.write(as, "plugin.log", {{"plugin", name()}, {"text", said}});
}

postern_status plugin_instance::start_spool(postern_str domain, std::uint32_t flags) noexcept
{
    constexpr std::size_t longest_domain = 255; // RFC 5321 4.5.3.1.2
    if (!is_sound(domain) || domain.len == 0 || domain.len > longest_domain || (flags & ~POSTERN_SPOOL_SUBDOMAINS) != 0)
        return POSTERN_E_INVALID;
    if (!settings_.may_queue)
        return POSTERN_E_DENIED;
    try {
        const bool is_taken =
            settings_.services.spool->try_now({std::string{view(domain)}, (flags & POSTERN_SPOOL_SUBDOMAINS) != 0});
        return is_taken ? POSTERN_PASS : POSTERN_E_AGAIN;
    } catch (const std::exception&) {
        return POSTERN_E_AGAIN; // no memory
    }
}

postern_list plugin_instance::options() const noexcept
{
    if (creating_ == nullptr)
        return {};
    return {option_records_.data(), static_cast<std::uint32_t>(option_records_.size()), sizeof(postern_option)};
}

void plugin_instance::refuse(postern_str key, postern_str text) noexcept
{
    if (creating_ == nullptr || !is_sound(key) || !is_sound(text))
        return;
    creating_->push_back({place_of(view(key)), fmt::format("plugin {}: {}: {}", name(), view(key), view(text))});
}

source_place plugin_instance::place_of(std::string_view key) const
{
    auto where = settings_.where;
    for (const auto& each : settings_.options)
        if (each.key == key && each.line != 0) {
            where.line = each.line;
            break;
        }
    return where;
}

std::vector<postern_option> records_of(const std::vector<option_value>& options)
{
    std::vector<postern_option> out;
    out.reserve(options.size());
    for (const auto& each : options)
        out.push_back({borrowed(each.key), borrowed(each.name), borrowed(each.text), each.number, each.kind, each.index});
    return out;
}

} // namespace postern::daemon
