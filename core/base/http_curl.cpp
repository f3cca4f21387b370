#include "core/base/http_curl.h"

#include <curl/curl.h>
#include <dlfcn.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cstring>
#include <mutex>
#include <vector>

#include "core/base/text.h"

namespace autopilot {
namespace {

using Fault = HttpResult::Fault;

constexpr std::size_t kMostHeaderBytes = 256 << 10;
constexpr int kLongestPoll = 1000;  // ms

// The functions of libcurl in use, found by name.
struct Curl {
  decltype(&::curl_global_init) global_init = nullptr;
  decltype(&::curl_easy_init) easy_init = nullptr;
  decltype(&::curl_easy_cleanup) easy_cleanup = nullptr;
  decltype(&::curl_easy_reset) easy_reset = nullptr;
  decltype(&::curl_easy_setopt) easy_setopt = nullptr;
  decltype(&::curl_easy_getinfo) easy_getinfo = nullptr;
  decltype(&::curl_easy_strerror) easy_strerror = nullptr;
  decltype(&::curl_multi_init) multi_init = nullptr;
  decltype(&::curl_multi_cleanup) multi_cleanup = nullptr;
  decltype(&::curl_multi_add_handle) multi_add_handle = nullptr;
  decltype(&::curl_multi_remove_handle) multi_remove_handle = nullptr;
  decltype(&::curl_multi_perform) multi_perform = nullptr;
  decltype(&::curl_multi_poll) multi_poll = nullptr;
  decltype(&::curl_multi_info_read) multi_info_read = nullptr;
  decltype(&::curl_slist_append) slist_append = nullptr;
  decltype(&::curl_slist_free_all) slist_free_all = nullptr;

  // False when libcurl is not there or lacks one of them. Never unloaded: TLS libraries have
  // handlers at exit.
  bool load() {
    void* library = nullptr;
    for (const char* name : {"libcurl.so.4", "libcurl-gnutls.so.4"}) {
      if (library == nullptr) library = ::dlopen(name, RTLD_NOW | RTLD_LOCAL);
    }
    if (library == nullptr) return false;
    const bool whole = find(library, "curl_global_init", global_init) &&
                       find(library, "curl_easy_init", easy_init) &&
                       find(library, "curl_easy_cleanup", easy_cleanup) &&
                       find(library, "curl_easy_reset", easy_reset) &&
                       find(library, "curl_easy_setopt", easy_setopt) &&
                       find(library, "curl_easy_getinfo", easy_getinfo) &&
                       find(library, "curl_easy_strerror", easy_strerror) &&
                       find(library, "curl_multi_init", multi_init) &&
                       find(library, "curl_multi_cleanup", multi_cleanup) &&
                       find(library, "curl_multi_add_handle", multi_add_handle) &&
                       find(library, "curl_multi_remove_handle", multi_remove_handle) &&
                       find(library, "curl_multi_perform", multi_perform) &&
                       find(library, "curl_multi_poll", multi_poll) &&
                       find(library, "curl_multi_info_read", multi_info_read) &&
                       find(library, "curl_slist_append", slist_append) &&
                       find(library, "curl_slist_free_all", slist_free_all);
    return whole && global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
  }

 private:
  template <class F>
  static bool find(void* library, const char* name, F& function) {
    function = reinterpret_cast<F>(::dlsym(library, name));
    return function != nullptr;
  }
};

// What the callbacks of one transfer fill.
struct Transfer {
  const HttpRequest& request;
  HttpResponse& response;
  std::size_t header_bytes = 0;
  bool too_long = false;
  bool out_of_reach = false;
};

std::size_t take_body(char* data, std::size_t size, std::size_t count, void* to) {
  auto& transfer = *static_cast<Transfer*>(to);
  const std::size_t bytes = size * count;
  if (transfer.response.body.size() + bytes > transfer.request.most_bytes) {
    transfer.too_long = true;
    return 0;
  }
  transfer.response.body.append(data, bytes);
  return bytes;
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

std::size_t take_header(char* data, std::size_t size, std::size_t count, void* to) {
  auto& transfer = *static_cast<Transfer*>(to);
  const std::size_t bytes = size * count;
  transfer.header_bytes += bytes;
  if (transfer.header_bytes > kMostHeaderBytes) {
    transfer.too_long = true;
    return 0;
  }
  const std::string_view line(data, bytes);
  if (line.starts_with("HTTP/")) transfer.response.headers.clear();  // after a 100 Continue
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos || line.starts_with("HTTP/")) return bytes;
  transfer.response.headers.emplace_back(lower(trim(line.substr(0, colon))),
                                         trim(line.substr(colon + 1)));
  return bytes;
}

std::string_view bytes_of(const sockaddr& address) {
  if (address.sa_family == AF_INET) {
    const auto& four = reinterpret_cast<const sockaddr_in&>(address);
    return {reinterpret_cast<const char*>(&four.sin_addr), 4};
  }
  const auto& six = reinterpret_cast<const sockaddr_in6&>(address);
  return {reinterpret_cast<const char*>(&six.sin6_addr), 16};
}

curl_socket_t open_socket(void* to, curlsocktype, curl_sockaddr* address) {
  auto& transfer = *static_cast<Transfer*>(to);
  const bool inet = address->family == AF_INET || address->family == AF_INET6;
  if (inet && !within_reach(transfer.request.reach, bytes_of(address->addr))) {
    transfer.out_of_reach = true;
    return CURL_SOCKET_BAD;
  }
  return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

bool has_break(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
}

bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
           std::strchr("!#$%&'*+-.^_`|~", c) != nullptr;
  });
}

// What makes a request impossible to send, or "".
std::string fault_of(const HttpRequest& request) {
  if (!request.url.starts_with("http://") && !request.url.starts_with("https://")) {
    return fmt::format("{} is no URL that starts with http:// or https://", shown_url(request.url));
  }
  if (has_break(request.url)) return "the URL holds a line break";
  if (!is_token(request.method)) return "the HTTP method is no word";
  for (const auto& [name, value] : request.headers) {
    if (!is_token(name)) return "the name of a header is no word";
    if (has_break(value)) return fmt::format("the value of the header {} holds a line break", name);
  }
  return {};
}

std::string origin_of(std::string_view url) {
  const std::size_t at = url.find("://");
  const std::size_t end = url.find_first_of("/?#", at == std::string_view::npos ? 0 : at + 3);
  return lower(url.substr(0, end));
}

bool is_redirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

HttpResult failure(Fault fault, std::string why, std::string hint = {}) {
  return {fault, std::move(why), std::move(hint), {}};
}

class CurlHttp final : public Http {
 public:
  ~CurlHttp() override {
    for (const Handle& handle : idle_) {
      curl_.easy_cleanup(handle.easy);
      curl_.multi_cleanup(handle.multi);
    }
  }

  HttpResult send(const HttpRequest& request) override {
    if (std::string fault = fault_of(request); !fault.empty())
      return failure(Fault::bad_request, std::move(fault));
    const Loan loan(*this);
    if (loan.handle.easy == nullptr) {
      return failure(Fault::unavailable, "libcurl cannot be loaded",
                     "install it: apt-get install libcurl4");
    }
    HttpRequest hop = request;
    Duration spent;
    for (int hops = 0;; ++hops) {
      std::string next;
      HttpResult result = send_once(loan.handle, hop, next);
      spent.nanos += result.response.took.nanos;
      result.response.took = spent;
      if (!result.ok() || request.redirects == 0 || next.empty()) return result;
      if (hops == request.redirects) {
        return failure(Fault::redirects, fmt::format("{} redirects more than {} times",
                                                     shown_url(request.url), request.redirects));
      }
      follow(hop, result.response.status, next);
      if (!fault_of(hop).empty()) {
        return failure(Fault::redirects, fmt::format("{} redirects to something that is not http",
                                                     shown_url(request.url)));
      }
      hop.timeout = Duration{request.timeout.nanos - spent.nanos};
      if (hop.timeout.nanos <= 0) return timed_out(request);
    }
  }

 private:
  // One transfer, and what drives it and keeps its connections.
  struct Handle {
    CURL* easy = nullptr;
    CURLM* multi = nullptr;
  };

  // A handle of one request alone, null when there is no libcurl. Handles keep their connections,
  // and the one used last is lent first.
  struct Loan {
    explicit Loan(CurlHttp& lender) : from(lender), handle(lender.lend()) {}
    ~Loan() {
      if (handle.easy != nullptr) from.take_back(handle);
    }
    Loan(const Loan&) = delete;
    Loan& operator=(const Loan&) = delete;

    CurlHttp& from;
    const Handle handle;
  };

  Handle lend() {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (!(loaded_ = loaded_ || curl_.load())) return {};
    if (idle_.empty()) return {curl_.easy_init(), curl_.multi_init()};
    const Handle handle = idle_.back();
    idle_.pop_back();
    return handle;
  }

  void take_back(const Handle& handle) {
    const std::lock_guard<std::mutex> lock(mutex_);
    idle_.push_back(handle);
  }

  // Headers hold secrets that are meant for one origin. RFC 9110 15.4: what a redirect makes of
  // the method.
  static void follow(HttpRequest& hop, int status, const std::string& next) {
    if (origin_of(next) != origin_of(hop.url)) hop.headers.clear();
    hop.url = next;
    const bool becomes_get = status == 303 || (status < 303 && hop.method == "POST");
    if (!becomes_get || hop.method == "HEAD") return;
    hop.method = "GET";
    hop.body.clear();
  }

  HttpResult send_once(const Handle& lent, const HttpRequest& request, std::string& next) {
    CURL* const handle = lent.easy;
    HttpResult result;
    Transfer transfer{request, result.response};
    char words[CURL_ERROR_SIZE] = "";
    curl_slist* headers = headers_of(request);
    prepare(handle, request, transfer, headers, words);
    const CURLcode code = perform(lent, request.stop_descriptor);
    long status = 0;
    curl_off_t micros = 0;
    char* redirect = nullptr;
    curl_.easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
    curl_.easy_getinfo(handle, CURLINFO_TOTAL_TIME_T, &micros);
    curl_.easy_getinfo(handle, CURLINFO_REDIRECT_URL, &redirect);
    result.response.status = static_cast<int>(status);
    result.response.took = Duration{micros * 1000};
    if (redirect != nullptr && is_redirect(result.response.status)) next = redirect;
    // The handle keeps pointers to what ends here.
    curl_.easy_reset(handle);
    curl_.slist_free_all(headers);
    return code == CURLE_OK ? result : fault_of_transfer(code, transfer, words);
  }

  // As curl_easy_perform() does it, but that it can be stopped: CURLE_ABORTED_BY_CALLBACK then.
  CURLcode perform(const Handle& lent, int stop) {
    CURLcode code = CURLE_FAILED_INIT;
    curl_.multi_add_handle(lent.multi, lent.easy);
    for (int running = 1;;) {
      if (curl_.multi_perform(lent.multi, &running) != CURLM_OK) break;
      if (running == 0) {
        int left = 0;
        if (const CURLMsg* end = curl_.multi_info_read(lent.multi, &left)) code = end->data.result;
        break;
      }
      curl_waitfd waiting{stop, CURL_WAIT_POLLIN, 0};
      curl_.multi_poll(lent.multi, &waiting, stop >= 0 ? 1 : 0, kLongestPoll, nullptr);
      if (waiting.revents == 0) continue;
      code = CURLE_ABORTED_BY_CALLBACK;
      break;
    }
    curl_.multi_remove_handle(lent.multi, lent.easy);
    return code;
  }

  curl_slist* headers_of(const HttpRequest& request) {
    // Without these, curl adds a wait for 100 Continue and a type of form data.
    curl_slist* list = curl_.slist_append(nullptr, "Expect:");
    bool typed = false;
    for (const auto& [name, value] : request.headers) {
      typed = typed || lower(name) == "content-type";
      // "Name;" is how curl spells an empty value.
      list = curl_.slist_append(
          list, (value.empty() ? name + ";" : fmt::format("{}: {}", name, value)).c_str());
    }
    return typed ? list : curl_.slist_append(list, "Content-Type:");
  }

  void prepare(CURL* handle, const HttpRequest& request, Transfer& transfer, curl_slist* headers,
               char* words) {
    const auto set = [&](CURLoption option, auto value) {
      curl_.easy_setopt(handle, option, value);
    };
    set(CURLOPT_ERRORBUFFER, words);
    set(CURLOPT_URL, request.url.c_str());
    set(CURLOPT_PROTOCOLS_STR, "http,https");
    set(CURLOPT_FOLLOWLOCATION, 0L);
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_USERAGENT, "autopilot/" AUTOPILOT_VERSION);
    set(CURLOPT_CONNECTTIMEOUT_MS, milliseconds(request.connect_timeout));
    set(CURLOPT_TIMEOUT_MS, milliseconds(request.timeout));
    set(CURLOPT_HTTPHEADER, headers);
    set(CURLOPT_WRITEFUNCTION, &take_body);
    set(CURLOPT_WRITEDATA, static_cast<void*>(&transfer));
    set(CURLOPT_HEADERFUNCTION, &take_header);
    set(CURLOPT_HEADERDATA, static_cast<void*>(&transfer));
    set(CURLOPT_MAXFILESIZE_LARGE, static_cast<curl_off_t>(request.most_bytes));
    if (!request.proxy_from_environment) {
      set(CURLOPT_PROXY, "");
      set(CURLOPT_OPENSOCKETFUNCTION, &open_socket);
      set(CURLOPT_OPENSOCKETDATA, static_cast<void*>(&transfer));
    }
    if (!request.ca_file.empty()) set(CURLOPT_CAINFO, request.ca_file.c_str());
    if (!request.unix_socket.empty()) set(CURLOPT_UNIX_SOCKET_PATH, request.unix_socket.c_str());
    // A reused connection could go where another request was allowed to.
    if (request.reach != HttpReach::no_metadata || request.closes_connection) {
      set(CURLOPT_FRESH_CONNECT, 1L);
      set(CURLOPT_FORBID_REUSE, 1L);
    }
    prepare_method(handle, request);
  }

  void prepare_method(CURL* handle, const HttpRequest& request) {
    const auto set = [&](CURLoption option, auto value) {
      curl_.easy_setopt(handle, option, value);
    };
    if (request.method == "HEAD") {
      set(CURLOPT_NOBODY, 1L);
    } else if (!request.body.empty() || request.method == "POST" || request.method == "PUT") {
      set(CURLOPT_POST, 1L);
      set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
      set(CURLOPT_POSTFIELDS, request.body.data());
    }
    set(CURLOPT_CUSTOMREQUEST, request.method.c_str());
  }

  static long milliseconds(Duration d) {
    return static_cast<long>(std::max<std::int64_t>(1, d.nanos / 1'000'000));
  }

  static HttpResult timed_out(const HttpRequest& request) {
    return failure(Fault::timeout,
                   fmt::format("{} did not answer within {}", shown_url(request.url),
                               format_duration(request.timeout)));
  }

  HttpResult fault_of_transfer(CURLcode code, const Transfer& transfer, const char* words) const {
    const HttpRequest& request = transfer.request;
    const std::string url = shown_url(request.url);
    // curl's own words may hold the URL, with what we leave out of it; its short ones never do.
    const char* brief = curl_.easy_strerror(code);
    if (transfer.out_of_reach) {
      return failure(Fault::refused, fmt::format("{} is at an address that may not be asked", url),
                     reach_hint(request.reach));
    }
    if (transfer.too_long || code == CURLE_FILESIZE_EXCEEDED) {
      return failure(Fault::too_long, fmt::format("the answer of {} has more than {} bytes", url,
                                                  request.most_bytes));
    }
    switch (code) {
      case CURLE_UNSUPPORTED_PROTOCOL:  // the scheme was tested: it means HTTP/0.9
        return failure(Fault::broken,
                       fmt::format("{} answers with something that is not HTTP", url));
      case CURLE_URL_MALFORMAT:
        return failure(Fault::bad_request, fmt::format("{} is no valid URL", url));
      case CURLE_COULDNT_RESOLVE_HOST:
      case CURLE_COULDNT_RESOLVE_PROXY:
        return failure(Fault::unresolved, fmt::format("no address is known for {}", url),
                       "check the host's name, and that DNS works here");
      case CURLE_COULDNT_CONNECT:
        return failure(Fault::unreachable, fmt::format("cannot connect to {}", url),
                       "is it running, and is that its address and port?");
      case CURLE_OPERATION_TIMEDOUT:
        return timed_out(request);
      case CURLE_ABORTED_BY_CALLBACK:
        return failure(Fault::stopped, fmt::format("{} was no longer waited for", url));
      case CURLE_PEER_FAILED_VERIFICATION:
      case CURLE_SSL_CACERT_BADFILE:
      case CURLE_SSL_CONNECT_ERROR:
      case CURLE_SSL_CIPHER:
      case CURLE_SSL_CERTPROBLEM:
        return failure(Fault::tls, fmt::format("no trusted connection to {}: {}", url, words),
                       "a private authority's certificate goes into ca_file; verification cannot "
                       "be switched off");
      case CURLE_GOT_NOTHING:
      case CURLE_RECV_ERROR:
      case CURLE_SEND_ERROR:
      case CURLE_PARTIAL_FILE:
        return failure(Fault::broken,
                       fmt::format("{} closed the connection before it had answered", url));
      default:
        return failure(Fault::broken, fmt::format("no answer from {}: {}", url, lower(brief)));
    }
  }

  static std::string reach_hint(HttpReach reach) {
    switch (reach) {
      case HttpReach::loopback_only:
        return "only this machine (127.0.0.0/8, ::1) may be asked";
      case HttpReach::public_only:
        return "private, local and reserved addresses are not asked";
      case HttpReach::no_metadata:
        break;
    }
    return "link-local addresses, where clouds keep credentials, are not asked";
  }

  std::mutex mutex_;  // of all below
  Curl curl_;
  bool loaded_ = false;
  std::vector<Handle> idle_;
};

}  // namespace

std::unique_ptr<Http> system_http() { return std::make_unique<CurlHttp>(); }

}  // namespace autopilot
