package parley.session;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.jspecify.annotations.Nullable;
import parley.model.ConversationId;
import parley.model.UserId;
import parley.websocket.ClientBytes;

/** A client that keeps the rules: it acknowledges, retries under the same name, and reconnects. */
final class LossyDevice {
  private static final ObjectMapper JSON = new ObjectMapper();

  final UserId user;
  final List<String> complaints = new CopyOnWriteArrayList<>();
  private final ActorTestKit kit;
  private final SessionDependencies dependencies;
  private final ConversationId conversation;

  /** The texts without a {@code sent} yet, with the id of their last frame. */
  private final Map<String, Long> unsent = new LinkedHashMap<>();

  private final Map<Long, String> frames = new HashMap<>();
  private final Map<String, Long> sent = new HashMap<>();
  private long have;
  private long ids;
  private int connections;

  LossyDevice(
      ActorTestKit kit,
      SessionDependencies dependencies,
      UserId user,
      ConversationId conversation) {
    this.kit = kit;
    this.dependencies = dependencies;
    this.user = user;
    this.conversation = conversation;
    connect();
  }

  /** The seq up to which the device has everything. */
  synchronized long have() {
    return have;
  }

  /** The seqs of sent texts, by name. */
  synchronized Map<String, Long> sent() {
    return Map.copyOf(sent);
  }

  @Override
  public synchronized String toString() {
    return user + " has " + have + ", connections " + connections + ", unsent " + unsent;
  }

  synchronized int unsent() {
    return unsent.size();
  }

  /** Whether it is connected, so that it gets what happens from now on. */
  synchronized boolean welcomed() {
    Connection c = now;
    return c != null && c.welcomed;
  }

  synchronized int connections() {
    return connections;
  }

  private @Nullable Connection now;

  private synchronized void connect() {
    connections++;
    Connection next = new Connection(have);
    now = next;
    ActorRef<ToSocket> socket = kit.spawn(next.behavior());
    kit.spawn(SessionBehavior.create(dependencies, socket));
  }

  /** Writes a text, and repeats it until {@code sent} arrives. */
  synchronized void write(String name) {
    unsent.put(name, 0L);
    Connection c = now;
    if (c != null && c.welcomed) {
      c.post(name);
      c.flush();
    }
  }

  /** One connection, as its socket sees it. */
  private final class Connection {
    private final ArrayDeque<String> out = new ArrayDeque<>();
    private final Set<Long> seen = new HashSet<>();
    private final Set<Long> messages = new HashSet<>();
    private @Nullable ActorRef<Session.Command> session;
    private long base;
    private boolean ready;
    private boolean welcomed;
    private boolean over;

    Connection(long base) {
      this.base = base;
    }

    Behavior<ToSocket> behavior() {
      return Behaviors.receiveMessage(
          message -> {
            synchronized (LossyDevice.this) {
              return told(message) ? Behaviors.same() : Behaviors.stopped();
            }
          });
    }

    private boolean told(ToSocket message) {
      switch (message) {
        case ToSocket.Opened opened -> {
          session = opened.session();
          out.add(
              "{'op':'hello','id':0,'token':'t','device_id':'d','client':'lossy'}"
                  .replace('\'', '"'));
          opened.session().tell(SessionInternal.SocketSignal.WANTS_MORE);
        }
        case ToSocket.Ready r -> ready = true;
        case ToSocket.Batch batch -> {
          ClientBytes.texts(batch.frames()).forEach(this::frame);
          if (batch.last()) {
            return end();
          }
          tell(SessionInternal.SocketSignal.WANTS_MORE);
        }
        default -> {
          return end();
        }
      }
      flush();
      return true;
    }

    private boolean end() {
      if (!over) {
        over = true;
        tell(SessionInternal.SocketSignal.GONE);
        connect();
      }
      return false;
    }

    private void tell(SessionInternal what) {
      ActorRef<Session.Command> s = session;
      if (s != null) {
        s.tell(what);
      }
    }

    private void flush() {
      if (ready && !out.isEmpty() && session != null) {
        ready = false;
        tell(new SessionInternal.Received(out.remove()));
      }
    }

    private void post(String name) {
      long id = ++ids;
      unsent.put(name, id);
      frames.put(id, name);
      out.add(
          ("{'op':'send','id':%d,'conversation_id':'%s','client_msg_id':'%s','type':'text',"
                  + "'content':'hello'}")
              .formatted(id, conversation, name)
              .replace('\'', '"'));
    }

    private void frame(String text) {
      JsonNode frame = parse(text);
      switch (frame.path("op").asText()) {
        case "welcome" -> {
          welcomed = true;
          List.copyOf(unsent.keySet()).forEach(this::post);
        }
        case "message" -> message(frame.path("seq").asLong());
        case "sent" -> sent(frame);
        case "error" -> {
          String name = frames.get(frame.path("id").asLong());
          if (name != null && unsent.containsKey(name)) {
            post(name);
          }
        }
        case "gap" -> complaints.add(user + " was told of a gap: " + text);
        default -> {}
      }
    }

    private void message(long seq) {
      if (!messages.add(seq)) {
        complaints.add(user + " got " + seq + " twice on one connection");
      }
      for (long other : messages) {
        if (other > seq) {
          complaints.add(user + " got " + seq + " after " + other);
        }
      }
      seen(seq);
    }

    private void sent(JsonNode frame) {
      String name = frame.path("client_msg_id").asText();
      long seq = frame.path("seq").asLong();
      Long before = sent.put(name, seq);
      if (before != null && before != seq) {
        complaints.add(name + " is " + before + " and " + seq);
      }
      unsent.remove(name);
      seen(seq);
    }

    private void seen(long seq) {
      seen.add(seq);
      long from = base;
      while (seen.contains(base + 1)) {
        base++;
      }
      have = Math.max(have, base);
      if (base > from) {
        out.add(
            "{'op':'ack','conversation_id':'%s','seq':%d}"
                .formatted(conversation, base)
                .replace('\'', '"'));
      }
    }
  }

  private static JsonNode parse(String frame) {
    try {
      return JSON.readTree(frame);
    } catch (JsonProcessingException e) {
      throw new AssertionError(frame, e);
    }
  }
}
