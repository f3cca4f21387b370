#include "core/state/lock.h"

#include "core/state/audit_search.h"
#include "tests/state/fixture.h"

namespace autopilot::state {
namespace {

using testing::error_of;

class LockTest : public testing::StateTest {
 protected:
  std::string take(const std::string& holder, std::int64_t pid = 0,
                   Duration lasting = Duration::seconds(60)) {
    return take_lock(store->database(), fakes.world, {holder, pid, lasting, "why"});
  }
  std::optional<Lease> lock() { return read_lock(store->database()); }
};

TEST_F(LockTest, keeps_what_there_is_to_know_about_its_holder) {
  EXPECT_EQ(take("ada", 4242), "");
  const Lease lease = *lock();
  EXPECT_EQ(lease.holder, "ada");
  EXPECT_EQ(lease.pid, 4242);
  EXPECT_EQ(lease.host, "testhost");
  EXPECT_EQ(lease.boot_id, fakes.environment.boot_id());
  EXPECT_EQ(lease.started, fakes.clock.time);
  EXPECT_EQ(lease.expires, fakes.clock.time + Duration::seconds(60));
  EXPECT_EQ(lease.reason, "why");
}

TEST_F(LockTest, is_renewed_by_its_holder_and_keeps_its_start) {
  take("ada");
  const Instant start = fakes.clock.time;
  fakes.clock.tick(Duration::seconds(30));
  EXPECT_EQ(take("ada"), "");
  EXPECT_EQ(lock()->started, start);
  EXPECT_EQ(lock()->expires, start + Duration::seconds(90));
}

TEST_F(LockTest, is_refused_to_others_until_its_time_is_over) {
  take("ada");
  EXPECT_EQ(error_of([&] { take("bob"); }).kind(), ErrorKind::locked);
  fakes.clock.tick(Duration::seconds(59));
  EXPECT_EQ(error_of([&] { take("bob"); }).kind(), ErrorKind::locked);
  fakes.clock.tick(Duration::seconds(1));
  EXPECT_NE(take("bob").find("expired"), std::string::npos);
  EXPECT_EQ(lock()->holder, "bob");
}

TEST_F(LockTest, ends_with_the_process_that_it_is_bound_to) {
  take("ada", 77);
  EXPECT_NE(why_over(*lock(), fakes.world).find("77"), std::string::npos);
  fakes.environment.alive.insert(77);
  EXPECT_EQ(why_over(*lock(), fakes.world), "");
  EXPECT_EQ(error_of([&] { take("bob"); }).kind(), ErrorKind::locked);
  fakes.environment.alive.erase(77);
  EXPECT_NE(take("bob").find("gone"), std::string::npos);
}

TEST_F(LockTest, a_process_of_another_host_is_not_judged) {
  take("ada", 77);
  Lease lease = *lock();
  lease.host = "elsewhere";
  EXPECT_EQ(why_over(lease, fakes.world), "");
}

TEST_F(LockTest, ends_when_the_host_of_its_process_was_restarted) {
  fakes.environment.alive.insert(77);
  take("ada", 77);
  Lease lease = *lock();
  lease.boot_id = "another";
  EXPECT_NE(why_over(lease, fakes.world).find("restarted"), std::string::npos);
  lease.pid = 0;
  EXPECT_EQ(why_over(lease, fakes.world), "");
}

TEST_F(LockTest, is_given_back_by_its_holder_or_by_force) {
  take("ada");
  EXPECT_EQ(error_of([&] { release_lock(store->database(), fakes.world, "bob", false); }).kind(),
            ErrorKind::locked);
  EXPECT_TRUE(release_lock(store->database(), fakes.world, "bob", true));
  EXPECT_FALSE(release_lock(store->database(), fakes.world, "bob", true));
  take("ada");
  EXPECT_TRUE(release_lock(store->database(), fakes.world, "ada", false));
}

TEST_F(LockTest, every_change_is_audited) {
  take("ada");
  fakes.clock.tick(Duration::seconds(60));
  take("bob");
  release_lock(store->database(), fakes.world, "bob", false);
  std::string kinds;
  for (const AuditEntry& e : recent_audit(*store, 10)) kinds += e.kind + " ";
  EXPECT_EQ(kinds, "unlock lock lock-over lock ");
}

}  // namespace
}  // namespace autopilot::state
