package parley.proof.faults;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;

/** The faults of a run, one after the other; made from a seed, and printed before the run. */
public record FaultPlan(List<Step> steps) {
  /** The kinds of fault. */
  public enum Kind {
    /** {@code kill -9}. */
    KILL,
    /** The process pauses for longer than the others wait, and then continues. */
    PAUSE,
    /** An ordered stop and a new start. */
    TERM,
    /** A node is cut off from all others, but not from its clients and the store. */
    ISOLATE,
    /** Two nodes do not hear each other; the others hear both. */
    LINK,
    /** One node is not heard by another one, but hears it. */
    ONE_WAY,
    /** {@code kill -9} of all nodes at once. */
    KILL_ALL,
    /** The store throttles most requests of one node, or of all. */
    STORE_THROTTLED,
    /** The store answers late, sometimes later than its clients wait. */
    STORE_SLOW,
    /** The store refuses many requests with errors of its own. */
    STORE_REFUSES,
    /** The store carries out requests and many of its answers are lost. */
    STORE_ANSWERS_LOST;

    /** Whether the store is hurt, and not a node or a link. */
    boolean ofStore() {
      return name().startsWith("STORE_");
    }
  }

  /** Stands for all nodes. */
  public static final int ALL = -1;

  /**
   * One harm.
   *
   * @param node to whom; {@link #ALL} where the store fails for all nodes
   * @param other the other end of a link
   * @param time for how long: down, still, or cut off
   */
  record Step(Kind kind, int node, int other, Duration time) {
    @Override
    public String toString() {
      return switch (kind) {
        case KILL_ALL -> "KILL_ALL";
        case LINK, ONE_WAY -> kind + " " + node + "-" + other + " " + time.toSeconds() + " s";
        case STORE_THROTTLED, STORE_SLOW, STORE_REFUSES, STORE_ANSWERS_LOST ->
            kind + " " + (node == ALL ? "all" : node) + " " + time.toSeconds() + " s";
        default -> kind + " " + node + (time.isZero() ? "" : " " + time.toSeconds() + " s");
      };
    }
  }

  /**
   * How many of each kind.
   *
   * @param store of each way in which the store can fail
   */
  public record Wanted(
      int kills, int pauses, int terms, int isolations, int links, int full, int store) {

    /** The same without faults that need links that can be cut. */
    public Wanted uncut() {
      return new Wanted(kills, pauses, terms, 0, 0, full, store);
    }
  }

  /**
   * A plan in random order.
   *
   * @param nodes how many there are
   */
  public static FaultPlan random(Wanted wanted, int nodes, Random random) {
    List<Step> steps = new ArrayList<>();
    for (int i = 0; i < wanted.kills(); i++) {
      // Half of them come back at once, the others only after the cluster has downed them.
      steps.add(step(Kind.KILL, nodes, random, i % 2 == 0 ? 0 : 18));
    }
    for (int i = 0; i < wanted.pauses(); i++) {
      steps.add(step(Kind.PAUSE, nodes, random, 18 + random.nextInt(8)));
    }
    for (int i = 0; i < wanted.terms(); i++) {
      steps.add(step(Kind.TERM, nodes, random, 0));
    }
    for (int i = 0; i < wanted.isolations(); i++) {
      steps.add(step(Kind.ISOLATE, nodes, random, 18 + random.nextInt(8)));
    }
    for (int i = 0; i < wanted.links(); i++) {
      Kind kind = i % 2 == 0 ? Kind.LINK : Kind.ONE_WAY;
      steps.add(step(kind, nodes, random, 18 + random.nextInt(8)));
    }
    for (int i = 0; i < wanted.full(); i++) {
      steps.add(step(Kind.KILL_ALL, nodes, random, 0));
    }
    for (Kind kind : Kind.values()) {
      for (int i = 0; kind.ofStore() && i < wanted.store(); i++) {
        Duration time = Duration.ofSeconds(3 + random.nextInt(13));
        steps.add(new Step(kind, i % 2 == 0 ? ALL : random.nextInt(nodes), 0, time));
      }
    }
    Collections.shuffle(steps, random);
    return new FaultPlan(steps);
  }

  private static Step step(Kind kind, int nodes, Random random, int seconds) {
    int node = random.nextInt(nodes);
    int other = (node + 1 + random.nextInt(nodes - 1)) % nodes;
    return new Step(kind, node, other, Duration.ofSeconds(seconds));
  }

  @Override
  public String toString() {
    return String.join(", ", steps.stream().map(Step::toString).toList());
  }
}
