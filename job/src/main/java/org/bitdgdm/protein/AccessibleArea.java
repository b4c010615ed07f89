package org.bitdgdm.protein;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Solvent-accessible area by Shrake and Rupley (J. Mol. Biol. 79, 1973), with the radii and the points of Biopython's
 * {@code Bio.PDB.SASA}, which the published features come from. BioJava's calculator takes Chothia's radii, which cannot be
 * changed, and turns the points otherwise.
 */
final class AccessibleArea {
    private static final double PROBE = 1.4;
    private static final int POINTS = 100;
    /** (100, 3) points of a unit sphere along a spiral, single precision. */
    private static final float[] SPHERE = sphere();

    private AccessibleArea() {
    }

    /** Radius of van der Waals of an element in Å. */
    static double radius(String element) {
        return switch (element) {
            case "H", "D" -> 1.20;
            case "C" -> 1.70;
            case "N" -> 1.55;
            case "O" -> 1.52;
            case "S" -> 1.80;
            case "Se", "SE" -> 1.90;
            default -> 2.0;
        };
    }

    private static float[] sphere() {
        float[] points = new float[3 * POINTS];
        double step = 2.0 / POINTS;
        double turn = Math.PI * (3 - Math.sqrt(5));
        double z = 1 - step / 2;
        double longitude = 0;
        // Sums, as Biopython makes them, not products.
        for (int k = 0; k < POINTS; k++, z -= step, longitude += turn) {
            double r = Math.sqrt(1 - z * z);
            points[3 * k] = (float) (Math.cos(longitude) * r);
            points[3 * k + 1] = (float) (Math.sin(longitude) * r);
            points[3 * k + 2] = (float) z;
        }
        return points;
    }

    private record Ball(int residue, double x, double y, double z, double radius) {
        double squaredDistance(double px, double py, double pz) {
            return (px - x) * (px - x) + (py - y) * (py - y) + (pz - z) * (pz - z);
        }
    }

    /** Area of each residue in Å², all atoms of the chain covering each other. */
    static double[] of(ProteinChain chain) {
        List<Ball> balls = new ArrayList<>();
        double largest = 0;
        for (int residue = 0; residue < chain.length(); residue++) {
            for (ProteinChain.HeavyAtom atom : chain.residues().get(residue).atoms()) {
                float[] at = atom.position();
                Ball ball = new Ball(residue, at[0], at[1], at[2], atom.radius() + PROBE);
                largest = Math.max(largest, ball.radius);
                balls.add(ball);
            }
        }
        balls.sort(Comparator.comparingDouble(Ball::x));
        double[] areas = new double[chain.length()];
        for (int i = 0; i < balls.size(); i++) {
            Ball ball = balls.get(i);
            List<Ball> near = near(balls, i, ball.radius + largest);
            areas[ball.residue] += 4 * Math.PI * ball.radius * ball.radius * uncovered(ball, near) / POINTS;
        }
        return areas;
    }

    /** Balls that overlap the one at a position; balls are sorted by x. */
    private static List<Ball> near(List<Ball> balls, int at, double reach) {
        Ball ball = balls.get(at);
        List<Ball> near = new ArrayList<>();
        for (int step = -1; step <= 1; step += 2) {
            for (int j = at + step; j >= 0 && j < balls.size() && Math.abs(balls.get(j).x - ball.x) < reach; j += step) {
                Ball other = balls.get(j);
                double sum = ball.radius + other.radius;
                if (other.squaredDistance(ball.x, ball.y, ball.z) < sum * sum) {
                    near.add(other);
                }
            }
        }
        // The nearest cover most: the order changes nothing but the time.
        near.sort(Comparator.comparingDouble(other -> other.squaredDistance(ball.x, ball.y, ball.z)));
        return near;
    }

    private static int uncovered(Ball ball, List<Ball> near) {
        int uncovered = 0;
        float radius = (float) ball.radius;
        for (int k = 0; k < POINTS; k++) {
            double x = SPHERE[3 * k] * radius + ball.x;
            double y = SPHERE[3 * k + 1] * radius + ball.y;
            double z = SPHERE[3 * k + 2] * radius + ball.z;
            boolean covered = false;
            for (int j = 0; j < near.size() && !covered; j++) {
                covered = near.get(j).squaredDistance(x, y, z) <= near.get(j).radius * near.get(j).radius;
            }
            uncovered += covered ? 0 : 1;
        }
        return uncovered;
    }
}
