//! From a type with its [`On`]s to the contract's functions. For [`crate::plugin!`]; nothing that is thrown leaves these.

use crate::abi::{self, postern_event, postern_host};
use crate::answer::Answer;
use crate::event::Event;
use crate::host::{Host, LogLevel, Refusal};
use crate::text::lent;
use std::any::Any;
use std::os::raw::c_void;
use std::panic::{catch_unwind, AssertUnwindSafe};

/// A plugin: one value an instance in the configuration.
pub trait Plugin: Send + Sync + Sized {
    /// Reads the options, declares extensions. Refusing ends the start, with the option's place in the configuration.
    fn create(host: &Host) -> Result<Self, Refusal>;
}

/// Takes one kind of event.
pub trait On<E: Event> {
    fn on(&self, event: &E) -> E::Answer;
}

pub struct Instance<P> {
    plugin: P,
    host: Host,
}

fn text_of(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("a panic without a text")
}

fn started<P: Plugin>(host: &Host, hooks: &[u32]) -> Result<P, Refusal> {
    let plugin = P::create(host)?;
    for hook in hooks {
        let core = host.table::<abi::postern_core_1>("postern.core/1");
        // SAFETY: numbers only.
        let status = core.map_or(abi::E_INVALID, |core| unsafe { (core.subscribe)(host.handle(), *hook, 0) });
        if status < 0 {
            return Err(Refusal::of("", format!("the host refused a subscription to hook {hook}")));
        }
    }
    Ok(plugin)
}

fn complain(host: &Host, why: &Refusal) {
    if why.key.is_empty() {
        host.log(LogLevel::Error, &why.text);
    } else if let Some(config) = host.table::<abi::postern_config_1>("postern.config/1") {
        // SAFETY: the texts are lent for the call.
        unsafe { (config.refuse)(host.handle(), lent(&why.key), lent(&why.text)) }
    } else {
        host.log(LogLevel::Error, &format!("{}: {}", why.key, why.text));
    }
}

/// # Safety
/// What the contract's `create` gets.
pub unsafe fn create<P: Plugin>(
    handle: *mut postern_host,
    get: abi::postern_get_fn,
    args: *const abi::postern_create_args,
    to: *mut *mut c_void,
    hooks: &[u32],
) -> i32 {
    let made = catch_unwind(AssertUnwindSafe(|| {
        let host = match Host::new(handle, get, args) {
            Some(host) => host,
            None => return abi::E_INVALID,
        };
        match catch_unwind(AssertUnwindSafe(|| started::<P>(&host, hooks))) {
            Ok(Ok(plugin)) => {
                *to = Box::into_raw(Box::new(Instance { plugin, host })).cast();
                abi::PASS
            }
            Ok(Err(why)) => {
                complain(&host, &why);
                abi::E_INVALID
            }
            Err(panic) => {
                host.log(LogLevel::Error, text_of(&*panic));
                abi::E_PLUGIN
            }
        }
    }));
    made.unwrap_or(abi::E_PLUGIN)
}

/// # Safety
/// `me` is what [`create`] made, `event` what the contract's `handle` gets.
pub unsafe fn handle<P>(me: *mut c_void, event: *const postern_event, dispatch: impl FnOnce(&Instance<P>) -> i32) -> i32 {
    let me = &*me.cast::<Instance<P>>();
    match catch_unwind(AssertUnwindSafe(|| dispatch(me))) {
        Ok(status) => status,
        Err(panic) => {
            me.host.log(LogLevel::Error, &format!("hook {}: {}", (*event).hook, text_of(&*panic)));
            abi::E_PLUGIN
        }
    }
}

/// # Safety
/// `event` is a record of `E::HOOK`.
pub unsafe fn dispatch<P: On<E>, E: Event>(me: &Instance<P>, event: *const postern_event) -> i32 {
    let ticket = (*event).ticket;
    let answer = me.plugin.on(&E::from_raw(event));
    if answer.is_later() {
        return abi::TAKEN;
    }
    if answer.is_pass() || ticket == 0 {
        return abi::PASS;
    }
    match answer.send(&me.host, ticket) {
        // Past its deadline the ticket is the host's again, and that is no fault of this answer.
        status if status >= 0 || status == abi::E_STALE => abi::TAKEN,
        _ => abi::E_PLUGIN,
    }
}

/// # Safety
/// `me` is what [`create`] made, and nobody uses it any more.
pub unsafe fn destroy<P>(me: *mut c_void) {
    let me = Box::from_raw(me.cast::<Instance<P>>());
    let host = me.host.clone();
    if let Err(panic) = catch_unwind(AssertUnwindSafe(|| drop(me))) {
        host.log(LogLevel::Error, text_of(&*panic));
    }
}

/// A list of ids that ends with a null pointer.
#[repr(transparent)]
pub struct Ids<const N: usize>(pub [*const std::os::raw::c_char; N]);
// SAFETY: it is read only, and what it points to lives for ever.
unsafe impl<const N: usize> Sync for Ids<N> {}

/// Makes a plugin of a type, once in a library. `events` names the events that it has an [`On`](crate::On) for; one that has none is
/// an error of the compiler. `provides`, `requires` and `flags`, in this order and all optional, are as in `<postern/abi/core.h>`. What
/// is listed in `requires`, such as `requires: ["postern.blob/1"]`, is there, or the plugin is not loaded; any other table but
/// "postern.core/1" may be absent: without "postern.config/1" no option is given.
#[macro_export]
macro_rules! plugin {
    ($type:ty, id: $id:literal, version: $version:literal, events: [$($event:ident),* $(,)?]
     $(, provides: [$($provided:literal),* $(,)?])? $(, requires: [$($required:literal),* $(,)?])? $(, flags: $flags:expr)?
     $(,)?) => {
        const _: () = {
            use std::os::raw::{c_char, c_void};
            use $crate::abi;
            use $crate::runtime;
            use $crate::Event;

            unsafe extern "C" fn create(
                host: *mut abi::postern_host, get: abi::postern_get_fn, args: *const abi::postern_create_args,
                to: *mut *mut c_void,
            ) -> i32 {
                let mut hooks = Vec::new();
                $(if <$crate::$event as Event>::IS_SUBSCRIBED { hooks.push(<$crate::$event as Event>::HOOK); })*
                runtime::create::<$type>(host, get, args, to, &hooks)
            }
            unsafe extern "C" fn handle(me: *mut c_void, event: *const abi::postern_event) -> i32 {
                runtime::handle::<$type>(me, event, |me| {
                    let hook = (*event).hook;
                    $(if hook == <$crate::$event as Event>::HOOK {
                        return runtime::dispatch::<$type, $crate::$event>(me, event);
                    })*
                    let _ = (me, hook);
                    abi::PASS
                })
            }
            unsafe extern "C" fn destroy(me: *mut c_void) {
                runtime::destroy::<$type>(me)
            }

            static PROVIDES: runtime::Ids<{ 1 $($(+ { let _ = $provided; 1 })*)? }> = runtime::Ids([
                $($(concat!($provided, "\0").as_ptr() as *const c_char,)*)?
                std::ptr::null(),
            ]);
            static REQUIRES: runtime::Ids<{ 1 $($(+ { let _ = $required; 1 })*)? }> = runtime::Ids([
                $($(concat!($required, "\0").as_ptr() as *const c_char,)*)?
                std::ptr::null(),
            ]);

            #[no_mangle]
            #[allow(non_upper_case_globals)]
            pub static postern_plugin_v1: abi::postern_plugin = abi::postern_plugin {
                size: std::mem::size_of::<abi::postern_plugin>() as u32,
                flags: 0 $(| $flags)?,
                id: concat!($id, "\0").as_ptr() as *const c_char,
                version: concat!($version, "\0").as_ptr() as *const c_char,
                built_with: concat!("postern-rust ", "0.1.0", "\0").as_ptr() as *const c_char,
                provides: &PROVIDES.0 as *const *const c_char,
                requires_: &REQUIRES.0 as *const *const c_char,
                create,
                handle,
                destroy,
            };
        };
    };
}
