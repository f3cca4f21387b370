#include "core/state/checkpoint.h"

#include "core/state/audit_proof.h"
#include "tests/state/long_history.h"

namespace autopilot::testing {
namespace {

using namespace state;

class CheckpointTest : public LongHistory {
 protected:
  static bool is_checkpoint(const std::string& text) {
    try {
      read_checkpoint(text, "x");
      return true;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::invalid);
      return false;
    }
  }
};

TEST_F(CheckpointTest, of_no_entries_it_has_the_root_of_nothing) {
  const Checkpoint c = checkpoint();
  EXPECT_EQ(checkpoint_text(c),
            R"({"format":"autopilot.checkpoint/v1","head":")" + std::string(64, '0') +
                R"(","marks":{"every":1,"hashes":""},"root":")" + to_hex(sha256("")) +
                R"(","size":0,"time":"2026-01-01T00:00:00Z"})" + "\n");
}

TEST_F(CheckpointTest, reads_what_it_wrote_with_its_signatures) {
  live(2);
  const std::string line = checkpoint_text(checkpoint());
  const std::string one = "-----BEGIN SSH SIGNATURE-----\nAAAA\n-----END SSH SIGNATURE-----\n";
  EXPECT_EQ(checkpoint_text(read_checkpoint(line, "x").checkpoint), line);
  EXPECT_TRUE(read_checkpoint(line, "x").signatures.empty());
  const CheckpointNote note = read_checkpoint(line + one + "\n" + one, "x");
  EXPECT_EQ(note.text, line);
  ASSERT_EQ(note.signatures.size(), 2u);
  EXPECT_EQ(note.signatures[1].armored, one);
  EXPECT_EQ(read_checkpoint(line + "what is this", "x").signatures.size(), 1u);
}

TEST_F(CheckpointTest, the_marks_are_beginnings_of_chain_hashes) {
  live(2);
  const Checkpoint c = checkpoint();
  EXPECT_EQ(c.marks.digits.size(), static_cast<std::size_t>(c.size) * 12);
  EXPECT_TRUE(c.head.starts_with(c.marks.digits.substr(c.marks.digits.size() - 12)));
  EXPECT_EQ(mark_distance(512), 1);
  EXPECT_EQ(mark_distance(513), 2);
  EXPECT_EQ(mark_distance(1'000'000), 2048);
}

TEST_F(CheckpointTest, other_text_is_no_checkpoint) {
  live(1);
  const std::string line = checkpoint_text(checkpoint());
  EXPECT_TRUE(is_checkpoint(line));
  EXPECT_TRUE(is_checkpoint(line.substr(0, line.size() - 1)));  // pasted without its end
  for (const char* text : {"", "\n", "{}", "[]", "null", "hello", "\xff", "{\"format\":1}"})
    EXPECT_FALSE(is_checkpoint(text)) << text;
  for (std::size_t cut = 0; cut + 1 < line.size(); ++cut)
    EXPECT_FALSE(is_checkpoint(line.substr(0, cut))) << cut;
  const auto with = [&](const std::string& from, const std::string& to) {
    std::string text = line;
    text.replace(text.find(from), from.size(), to);
    return text;
  };
  EXPECT_FALSE(is_checkpoint(with("\"every\":1", "\"every\":0")));
  EXPECT_FALSE(is_checkpoint(with("\"every\":1", "\"every\":2")));
  EXPECT_FALSE(is_checkpoint(with("\"size\":", "\"size\":-")));
  EXPECT_FALSE(is_checkpoint(with("\"size\":", "\"size\":1")));
  EXPECT_FALSE(is_checkpoint(with("\"size\":", "\"more\":1,\"size\":")));
  EXPECT_FALSE(is_checkpoint(with("\"size\":", " \"size\":")));
  EXPECT_FALSE(is_checkpoint(with("checkpoint/v1", "checkpoint/v2")));
  EXPECT_FALSE(is_checkpoint(with("\"root\":\"", "\"root\":\"g")));
}

TEST_F(CheckpointTest, none_is_made_of_a_broken_chain) {
  live(1);
  database().execute("UPDATE audit SET actor = 'eve' WHERE seq = 3");
  const Error error = error_of([&] { checkpoint(); });
  EXPECT_EQ(error.kind(), ErrorKind::invalid);
  EXPECT_STREQ(error.what(), "the audit chain is broken: entry 3 (decisions) was changed");
}

class ProofTest : public CheckpointTest {
 protected:
  // RFC 9162, 2.1.3.2, over what the proof says.
  static bool leads_to_root(const InclusionProof& proof) {
    auto fn = static_cast<std::uint64_t>(proof.entry.seq - 1);
    auto sn = static_cast<std::uint64_t>(proof.size - 1);
    Digest r = audit_leaf(audit_hash(proof.previous, proof.entry));
    for (const Digest& p : proof.path) {
      if (sn == 0) return false;
      if ((fn & 1) != 0 || fn == sn) {
        r = merkle_node(p, r);
        while ((fn & 1) == 0 && fn != 0) fn >>= 1, sn >>= 1;
      } else {
        r = merkle_node(r, p);
      }
      fn >>= 1, sn >>= 1;
    }
    return sn == 0 && r == proof.root;
  }
};

TEST_F(ProofTest, every_entry_is_proved_in_every_checkpoint_that_saw_it) {
  live(1);
  const Checkpoint early = checkpoint();
  live(1);
  const Checkpoint late = checkpoint();
  for (const Checkpoint* at : {&early, &late}) {
    for (std::int64_t seq = 1; seq <= at->size; ++seq) {
      const InclusionProof proof = prove_entry(*store, seq, at);
      EXPECT_TRUE(leads_to_root(proof)) << seq;
      EXPECT_EQ(to_hex(proof.root), at->root);
      EXPECT_EQ(proof.entry.seq, seq);
    }
  }
  EXPECT_EQ(to_hex(prove_entry(*store, 1, nullptr).root), late.root);
}

TEST_F(ProofTest, there_is_none_of_what_a_checkpoint_did_not_see) {
  live(1);
  const Checkpoint at = checkpoint();
  live(1);
  for (const std::int64_t seq : {std::int64_t{0}, std::int64_t{-1}, at.size + 1, INT64_MAX})
    EXPECT_THROW(prove_entry(*store, seq, &at), Error) << seq;
  EXPECT_NO_THROW(prove_entry(*store, at.size + 1, nullptr));
}

TEST_F(ProofTest, there_is_none_when_the_chain_has_become_another) {
  live(1);
  const Checkpoint early = checkpoint();
  live(1);
  database().execute("UPDATE audit SET time = time + 1 WHERE seq = 4");
  hash_anew();
  const Checkpoint late = checkpoint();
  EXPECT_THROW(prove_entry(*store, 2, &early), Error);
  EXPECT_THROW(prove_growth(*store, early, &late), Error);
  EXPECT_THROW(prove_growth(*store, late, &early), Error);
}

TEST_F(ProofTest, growth_is_proved_between_any_two_checkpoints) {
  std::vector<Checkpoint> all{checkpoint()};
  for (int i = 0; i < 20; ++i) {
    state::record_refusal(*store, "apply", "no", "eve", fakes.clock.time);
    all.push_back(checkpoint());
  }
  for (std::size_t a = 0; a < all.size(); ++a) {
    for (std::size_t b = a; b < all.size(); ++b) {
      const ConsistencyProof proof = prove_growth(*store, all[a], &all[b]);
      EXPECT_EQ(to_hex(proof.from_root), all[a].root);
      EXPECT_EQ(to_hex(proof.to_root), all[b].root);
      if (a == b || a == 0) {
        EXPECT_TRUE(proof.path.empty());
      }
    }
  }
}

}  // namespace
}  // namespace autopilot::testing
