import com.sun.management.OperatingSystemMXBean;
import ij.ImageJ;
import ij.plugin.filter.BackgroundSubtracter;
import ij.process.ByteProcessor;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Paths;
import java.util.Arrays;
import java.util.Locale;

/** Times ImageJ's Subtract Background (create background) on a PGM picture, one JSON line for each radius. */
public class Balls {
    public static void main(String[] arguments) throws Exception {
        byte[] file = Files.readAllBytes(Paths.get(arguments[0]));
        int start = 0;
        for (int lines = 0; lines < 3; start++) {
            if (file[start] == '\n') lines++;
        }
        String[] head = new String(file, 0, start, StandardCharsets.US_ASCII).split("\\s+");
        int width = Integer.parseInt(head[1]), height = Integer.parseInt(head[2]);
        byte[] pixels = Arrays.copyOfRange(file, start, file.length);
        String version = ImageJ.VERSION;
        for (int radius : new int[] {10, 25, 50, 100, 200}) {
            time("ImageJ " + version + ", ball on a shrunk copy", false, radius, pixels, width, height);
            time("ImageJ " + version + ", sliding paraboloid", true, radius, pixels, width, height);
        }
        System.exit(0);
    }

    private static void time(String name, boolean paraboloid, int radius, byte[] pixels, int width, int height) {
        OperatingSystemMXBean system = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
        double wall = Double.MAX_VALUE, cpu = Double.MAX_VALUE;
        // The first one warms the compiler.
        for (int round = 0; round < 4; round++) {
            ByteProcessor picture = new ByteProcessor(width, height, pixels.clone(), null);
            long before = System.nanoTime(), used = system.getProcessCpuTime();
            // create background, dark background, ball or paraboloid, presmooth, correct corners
            new BackgroundSubtracter().rollingBallBackground(picture, radius, true, false, paraboloid, true, true);
            if (round > 0) {
                wall = Math.min(wall, (System.nanoTime() - before) / 1e9);
                cpu = Math.min(cpu, (system.getProcessCpuTime() - used) / 1e9);
            }
        }
        System.out.printf(
                Locale.ROOT,
                "{\"program\": \"%s\", \"radius\": %d, \"wall\": %.6f, \"cpu\": %.6f, \"width\": %d, \"height\": %d}%n",
                name, radius, wall, cpu, width, height);
        System.out.flush();
    }
}
