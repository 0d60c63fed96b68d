#pragma once
// Notes and records as the control socket tells them: one JSON object each, texts as printable ASCII.

#include "core/host/trace_store.hpp"
#include "core/hooks/trail.hpp"

#include <boost/json.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace postern::daemon {

/// Everything but printable ASCII as "\x0d"; a backslash doubled, so that it can be read back.
[[nodiscard]] std::string printable(std::string_view text);

/// {"note":"fact","name":..,"text":..}; "call": hook, plugin, verdict, us, and what there is of code, enhanced, text, score,
/// calls, "vouches", "failed"; "edit": hook, plugin, edit, value; "heard" and "said": line.
[[nodiscard]] boost::json::object describe(const hooks::trail_note& note);

/// {"at_ms":..,"record":"transaction","id":..,"session":..,"notes":[..]}; of an attempt "job", of a report "report".
[[nodiscard]] boost::json::object describe(const kept_record& record);

/// {"at_ms":..,"session":..,"listener":..,"peer":..}, and what the note says; of a delivery "message" in place of "listener".
[[nodiscard]] boost::json::object describe(const runtime::seen_note& seen);

} // namespace postern::daemon
