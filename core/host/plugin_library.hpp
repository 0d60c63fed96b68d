#pragma once
// A plugin's file: inspected before any of its code runs, then loaded for ever.
// It never unloads (a library's statics, threads and vtables would go from under whoever still holds them).
// SECURITY: a file or folder that others than root and the owner can write is not loaded; the file that was checked is the open
// one that is copied, and the copy is what is inspected and loaded, so that nothing can be exchanged in between.

#include "core/host/plugin_image.hpp"
#include "core/host/problem.hpp"

#include <postern/abi/core.h>

#include <deque>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace postern::daemon {

/// Ids of the tables that this host offers through postern_get_fn.
[[nodiscard]] std::span<const std::string_view> offered_services() noexcept;

class plugin_library;

/// What a process has loaded, so that a reload finds an unchanged file without asking the system's loader again: that one keeps
/// every name that it was ever given, and all that it has mapped. Threads: one at a time.
class loaded_libraries {
public:
    loaded_libraries() = default;
    loaded_libraries(const loaded_libraries&) = delete;
    loaded_libraries& operator=(const loaded_libraries&) = delete;
    /// Waits, for two seconds at most, until nobody else holds one of its libraries: whoever ends what plugins use, such as the
    /// log, has it destroyed before, so that the last threads of plugins are done.
    ~loaded_libraries();

    /// What loading came to.
    struct outcome {
        std::shared_ptr<const plugin_library> library; ///< null: it was refused after it had been mapped
        std::string why_not;
    };
    /// Of that file with these octets; null: not seen before.
    [[nodiscard]] const outcome* find(const std::filesystem::path& real, std::string_view octets) const noexcept;
    void add(std::filesystem::path real, plugin_image image, outcome came);

private:
    struct entry {
        std::filesystem::path real;
        plugin_image image;
        outcome came;
    };
    std::deque<entry> loaded_;
};

class plugin_library {
public:
    plugin_library(const plugin_library&) = delete;
    plugin_library& operator=(const plugin_library&) = delete;

    /// Loads `file`. On failure null, and `why` is one line that begins with the file's name:
    /// "x.so: built for plugin ABI 2; this host speaks 1". A file that `known` has is checked, and not loaded again.
    [[nodiscard]] static std::shared_ptr<const plugin_library> load(const std::filesystem::path& file, std::string& why,
                                                                    loaded_libraries* known = nullptr);

    /// A plugin that is linked into the program, as an embedder or a test has it. `table` lives for ever; `name` stands for the
    /// file.
    [[nodiscard]] static std::shared_ptr<const plugin_library> linked_in(const postern_plugin& table, const std::string& name,
                                                                         std::string& why);

    /// As this version knows it: what an older plugin did not give is zero.
    [[nodiscard]] const postern_plugin& table() const noexcept { return table_; }
    [[nodiscard]] const std::filesystem::path& file() const noexcept { return file_; }
    /// Whether the plugin lists `id` in `provides`.
    [[nodiscard]] bool provides(std::string_view id) const noexcept;
    /// Whether it lists `id` in `requires_`.
    [[nodiscard]] bool needs(std::string_view id) const noexcept;

private:
    plugin_library(std::filesystem::path file, const postern_plugin& table) noexcept;

    std::filesystem::path file_;
    postern_plugin table_;
};

/// Finds NAME.so in the folders, in order. Nothing when none has it.
[[nodiscard]] std::optional<std::filesystem::path> find_library(const std::vector<std::filesystem::path>& folders,
                                                                std::string_view name);

/// Why a file may not be trusted to be code or rules ("can be written by others"), or nothing. Checks `file` and its folder as
/// open descriptors: the owner is root or this process's user, nobody else may write.
[[nodiscard]] std::optional<std::string> why_untrusted(const std::filesystem::path& file);

} // namespace postern::daemon
