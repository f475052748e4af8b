package parley.user;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import parley.model.ConversationId;
import parley.model.ConversationType;
import parley.model.DeviceId;
import parley.model.Entry;
import parley.model.EntryBody;
import parley.model.LastMessage;
import parley.model.Profile;
import parley.model.UserId;

/** Data that the tests of this package share. */
final class UserTestData {
  static final UserId ALICE = new UserId("u_alice");
  static final UserId BOB = new UserId("u_bob");
  static final ConversationId CHAT = new ConversationId("d_chat");
  static final ConversationId GROUP = new ConversationId("g_group");
  static final DeviceId PHONE = new DeviceId("phone");
  static final DeviceId LAPTOP = new DeviceId("laptop");

  private UserTestData() {}

  /** A snapshot without released push tokens. */
  static UserSnapshot snapshot(
      @Nullable Profile profile,
      long revision,
      long announced,
      long nextDevice,
      long lastSeenAt,
      boolean forgotten,
      @Nullable List<Device> devices,
      @Nullable List<VisibleRow> rows,
      @Nullable List<HiddenRow> hidden,
      @Nullable List<PendingPush> owed,
      @Nullable List<EndedLogin> ended,
      @Nullable List<StartedGroups.Begun> groups) {
    return new UserSnapshot(
        profile,
        revision,
        announced,
        nextDevice,
        lastSeenAt,
        forgotten,
        devices,
        rows,
        hidden,
        owed,
        ended,
        groups,
        null,
        null,
        null);
  }

  /** A snapshot without ended logins, begun groups and released push tokens. */
  static UserSnapshot snapshot(
      @Nullable Profile profile,
      long revision,
      long announced,
      long nextDevice,
      long lastSeenAt,
      boolean forgotten,
      @Nullable List<Device> devices,
      @Nullable List<VisibleRow> rows,
      @Nullable List<HiddenRow> hidden,
      @Nullable List<PendingPush> owed) {
    return snapshot(
        profile,
        revision,
        announced,
        nextDevice,
        lastSeenAt,
        forgotten,
        devices,
        rows,
        hidden,
        owed,
        null,
        null);
  }

  /** The server's configuration of serializers, one for each root of stored types. */
  static Config serialization() {
    return ConfigFactory.parseString(
        """
        include classpath("parley-snapshots.conf")
        pekko.loglevel = WARNING
        pekko.actor {
          serializers {
            parley-user-event = "org.apache.pekko.serialization.jackson.JacksonCborSerializer"
            parley-token-owner = "org.apache.pekko.serialization.jackson.JacksonCborSerializer"
            parley-user-snapshot = "org.apache.pekko.serialization.jackson.JacksonCborSerializer"
          }
          serialization-identifiers { parley-user-event = 7603, parley-user-snapshot = 7604, parley-token-owner = 7631 }
          serialization-bindings {
            "parley.serial.Wire" = jackson-cbor
            "parley.user.UserEvent" = parley-user-event
            "parley.user.PushTokenOwnership" = parley-token-owner
            "parley.user.UserSnapshot" = parley-user-snapshot
          }
        }
        pekko.serialization.jackson.parley-user-event {
          type-in-manifest = off
          deserialization-type = "parley.user.UserEvent"
        }
        pekko.serialization.jackson.parley-token-owner {
          type-in-manifest = off
          deserialization-type = "parley.user.PushTokenOwnership"
        }
        pekko.serialization.jackson.parley-user-snapshot {
          type-in-manifest = off
          deserialization-type = "parley.user.UserSnapshot"
        }
        """);
  }

  static Entry text(long seq) {
    return new Entry(
        seq,
        "m" + seq,
        BOB,
        1_000 + seq,
        null,
        new EntryBody.Text("text " + seq, null, null, false));
  }

  static List<Entry> texts(long from, long to) {
    List<Entry> entries = new ArrayList<>();
    for (long seq = from; seq <= to; seq++) {
      entries.add(text(seq));
    }
    return entries;
  }

  /** A delivery in its simplest form; each {@code with...} method changes one thing. */
  record Mail(
      ConversationId conversation,
      long version,
      ConversationType type,
      String name,
      long from,
      long to,
      long joinedSeq,
      long joinedAt,
      long leftSeq,
      long delivered,
      long read,
      long unread,
      long peerDelivered,
      long lastTextAt,
      boolean quiet,
      List<Delivery.Receipt> receipts) {

    /** Entries {@code from} to {@code to}, under the version {@code to}. */
    static Mail of(ConversationId conversation, long from, long to) {
      return new Mail(
          conversation,
          to,
          conversation.value().startsWith("d_") ? ConversationType.DIRECT : ConversationType.GROUP,
          "Bob",
          from,
          to,
          1,
          1_000,
          0,
          0,
          0,
          to,
          0,
          1_000 + to,
          false,
          List.of());
    }

    /** No entries. */
    static Mail none(ConversationId conversation, long version) {
      return of(conversation, 1, 0).version(version);
    }

    Mail version(long v) {
      return new Mail(
          conversation,
          v,
          type,
          name,
          from,
          to,
          joinedSeq,
          joinedAt,
          leftSeq,
          delivered,
          read,
          unread,
          peerDelivered,
          lastTextAt,
          quiet,
          receipts);
    }

    Mail name(String n) {
      return new Mail(
          conversation,
          version,
          type,
          n,
          from,
          to,
          joinedSeq,
          joinedAt,
          leftSeq,
          delivered,
          read,
          unread,
          peerDelivered,
          lastTextAt,
          quiet,
          receipts);
    }

    Mail joined(long seq) {
      return new Mail(
          conversation,
          version,
          type,
          name,
          from,
          to,
          seq,
          joinedAt,
          leftSeq,
          delivered,
          read,
          unread,
          peerDelivered,
          lastTextAt,
          quiet,
          receipts);
    }

    Mail left(long seq) {
      return new Mail(
          conversation,
          version,
          type,
          name,
          from,
          to,
          joinedSeq,
          joinedAt,
          seq,
          delivered,
          read,
          unread,
          peerDelivered,
          lastTextAt,
          quiet,
          receipts);
    }

    Mail delivered(long d) {
      return new Mail(
          conversation,
          version,
          type,
          name,
          from,
          to,
          joinedSeq,
          joinedAt,
          leftSeq,
          d,
          read,
          unread,
          peerDelivered,
          lastTextAt,
          quiet,
          receipts);
    }

    Mail read(long r, long u) {
      return new Mail(
          conversation,
          version,
          type,
          name,
          from,
          to,
          joinedSeq,
          joinedAt,
          leftSeq,
          delivered,
          r,
          u,
          peerDelivered,
          lastTextAt,
          quiet,
          receipts);
    }

    Mail peer(long d) {
      return new Mail(
          conversation,
          version,
          type,
          name,
          from,
          to,
          joinedSeq,
          joinedAt,
          leftSeq,
          delivered,
          read,
          unread,
          d,
          lastTextAt,
          quiet,
          receipts);
    }

    Mail textAt(long at) {
      return new Mail(
          conversation,
          version,
          type,
          name,
          from,
          to,
          joinedSeq,
          joinedAt,
          leftSeq,
          delivered,
          read,
          unread,
          peerDelivered,
          at,
          quiet,
          receipts);
    }

    Mail beQuiet() {
      return new Mail(
          conversation,
          version,
          type,
          name,
          from,
          to,
          joinedSeq,
          joinedAt,
          leftSeq,
          delivered,
          read,
          unread,
          peerDelivered,
          lastTextAt,
          true,
          receipts);
    }

    Mail receipts(Delivery.Receipt... all) {
      return new Mail(
          conversation,
          version,
          type,
          name,
          from,
          to,
          joinedSeq,
          joinedAt,
          leftSeq,
          delivered,
          read,
          unread,
          peerDelivered,
          lastTextAt,
          quiet,
          List.of(all));
    }

    User.Deliver deliver() {
      @Nullable LastMessage last =
          to == 0 ? null : new LastMessage(to, BOB, "text", "text " + to, 1_000 + to);
      return new User.Deliver(
          conversation,
          version,
          new User.RowHeader(type, to, last, lastTextAt),
          new RowMember(
              name,
              null,
              joinedSeq,
              joinedAt,
              leftSeq,
              delivered,
              read,
              unread,
              peerDelivered,
              0,
              quiet),
          texts(from, to),
          receipts);
    }
  }
}
