package parley.proof.checker;

import java.util.List;

/** A broken guarantee: which (G1 to G6), what is wrong, and the records that show it. */
public record Violation(String guarantee, String what, List<String> evidence) {
  @Override
  public String toString() {
    return guarantee + ": " + what + "\n    " + String.join("\n    ", evidence);
  }
}
