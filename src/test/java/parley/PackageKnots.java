package parley;

import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Knots: files of one package each of which needs each other one, directly or through others. None
 * of them can be understood without all the others.
 */
final class PackageKnots {
  private PackageKnots() {}

  /** The knots of more than {@code bound} files, as the sorted simple names of their classes. */
  static List<String> largerThan(int bound, JavaClasses classes) {
    Map<String, Set<String>> reachable = new TreeMap<>();
    Map<String, Set<String>> neighbours = neighbours(classes);
    neighbours.keySet().forEach(file -> reachable.put(file, reachable(file, neighbours)));
    Set<String> knots = new TreeSet<>();
    reachable.forEach(
        (file, others) -> {
          Set<String> knot = new TreeSet<>(Set.of(file));
          others.stream().filter(other -> reachable.get(other).contains(file)).forEach(knot::add);
          if (knot.size() > bound) {
            knots.add(String.join(", ", knot));
          }
        });
    return List.copyOf(knots);
  }

  /** For each file the other files of its package that it needs. */
  private static Map<String, Set<String>> neighbours(JavaClasses classes) {
    Map<String, Set<String>> neighbours = new HashMap<>();
    for (JavaClass type : classes) {
      Set<String> needed = neighbours.computeIfAbsent(file(type), name -> new TreeSet<>());
      for (Dependency dependency : type.getDirectDependenciesFromSelf()) {
        JavaClass target = dependency.getTargetClass().getBaseComponentType();
        if (target.getPackageName().equals(type.getPackageName())
            && !file(target).equals(file(type))) {
          needed.add(file(target));
        }
      }
    }
    neighbours.values().forEach(needed -> needed.retainAll(neighbours.keySet()));
    return neighbours;
  }

  private static Set<String> reachable(String from, Map<String, Set<String>> neighbours) {
    Set<String> reached = new TreeSet<>();
    Deque<String> waiting = new ArrayDeque<>(List.of(from));
    while (!waiting.isEmpty()) {
      for (String next : neighbours.getOrDefault(waiting.pop(), Set.of())) {
        if (reached.add(next)) {
          waiting.push(next);
        }
      }
    }
    return reached;
  }

  /** The outermost class, after which the file is named. */
  private static String file(JavaClass type) {
    String name = type.getName();
    int nested = name.indexOf('$');
    return nested < 0 ? name : name.substring(0, nested);
  }
}
