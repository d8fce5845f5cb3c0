"""The Spanish setups, premises and outlines of the writer's stand-in."""

from sandbox.novel_tongue import Plans

PLANS = Plans(
    names=("Mira", "Jonás", "Ada", "Tobías", "Elena", "Emilio", "Clara", "Samuel"),
    looks=(
        "una figura menuda de abrigo gris, con tinta en los dedos y mirada atenta",
        "una persona alta y delgada, de bufanda roja, pelo corto y risa tardía",
        "una persona robusta y pecosa, de chaqueta azul remendada, siempre con un cuaderno",
        "una persona de pelo gris y espalda recta, con chaleco verde y reloj de cadena",
        "una persona pequeña y rápida, de ojos claros y sombrero de paja",
    ),
    settings=(
        "{Place}, donde las tardes son largas y todos saben un poco de más",
        "{Place}, en un año en que ninguna estación cumple su palabra",
        "{Place}, al borde de lo que todavía muestran los mapas",
    ),
    plots=(
        "Todo empieza así: {topic}. {Hero} debe averiguar quién gana, antes de que lo pague {friend}.",
        "En el centro: {topic}. Una vieja promesa, un mensaje oculto y una decisión sin vuelta atrás.",
    ),
    ideas=(
        (
            "El otro lado de {hero}",
            "Lo cuenta quien más tiene que perder: {topic}. {Hero} cree a {friend} hasta que, {place}, una "
            "mentira pequeña derriba una grande.",
        ),
        (
            "Siete días y un secreto",
            "Todo ocurre {place} en una sola semana: {topic}. Cada día le quita algo a {hero}, y el último "
            "solo queda un objeto que nadie quería.",
        ),
        (
            "Lo que calló {friend}",
            "Años después, {friend} vuelve {place} con la mitad que nunca se contó: {topic}. {Hero} debe "
            "decidir si la escucha.",
        ),
    ),
    premises=(
        "{Hero} tiene una sola cosa que resolver, y no puede esperar: {topic}. Lo que va a costar, y quién "
        "tendrá que pagarlo, nadie lo sabe todavía.",
        "Empieza con un asunto sencillo: {topic}. Pero cuando {friend} desaparece con la única prueba, "
        "{hero} debe elegir entre la seguridad y la verdad.",
        "Al principio nadie lo cree, y sin embargo ha sucedido: {topic}. Ahora {hero} y {friend} tienen "
        "hasta la mañana para arreglarlo o perderlo todo.",
    ),
    book_titles=(
        "{Hero} y el silencio",
        "Lo que encontró {hero}",
        "Una luz para {hero}",
        "La última noche de {hero}",
    ),
    titles=(
        (
            "Una mañana cualquiera",
            "La carta bajo la puerta",
            "{Hero} hace una pregunta",
            "La primera grieta",
        ),
        (
            "El largo descenso",
            "Medio mapa",
            "{Friend} guarda silencio",
            "La habitación cerrada",
            "Una vieja deuda",
            "Voces en la pared",
            "La llave equivocada",
        ),
        ("La hora antes de la luz", "{Hero} da la vuelta", "El precio", "Lo que quedó"),
    ),
    deeds=(
        (
            "{Hero} sigue con su día {place} hasta que algo pequeño no está en su sitio.",
            "Llega un mensaje, y en él hay una sola cosa: {topic}.",
            "{Hero} se lo cuenta a {friend}, y no le cree.",
            "Alguien rompe una vieja regla, y solo {hero} lo ha visto.",
        ),
        (
            "{Hero} sigue el rastro a solas y ve que alguien llegó antes.",
            "Dos pistas encajan, y la tercera está más cerca de lo que parecía.",
            "{Friend} esconde algo, y {hero} prefiere no saberlo.",
            "Una salida se cierra, y la siguiente cuesta más de lo que {hero} tiene.",
            "Discuten {place}, y cada cual tiene razón sobre el otro.",
            "En el peor momento {hero} encuentra ayuda donde nadie la buscó.",
            "Un plan fracasa, y así muestra lo que estaba mal desde el principio.",
        ),
        (
            "{Hero} comprende de qué se trataba desde siempre: {topic}.",
            "{Hero} vuelve al principio y esta vez hace lo difícil.",
            "La verdad sale a la luz {place}, y {friend} debe responder por ella.",
            "Se cuenta lo perdido, se reparte lo que queda, y {hero} vuelve a casa.",
        ),
    ),
    events=(
        ("{Hero} encuentra una señal.", "{Friend} no lo cree.", "Se acaba la calma."),
        (
            "{Hero} pierde el rastro y halla otro.",
            "{Friend} dice media verdad.",
            "Ya no hay vuelta atrás.",
            "Se rompe una promesa.",
        ),
        ("{Hero} decide.", "El secreto sale a la luz.", "{Friend} y {hero} siguen juntos."),
    ),
    narrations=(
        "Escuchad bien, porque aquí {hero} lo oye por primera vez.",
        "En voz baja, como si nadie debiera saberlo, {hero} da el siguiente paso.",
        "Y {friend}, que siempre tenía respuesta, no dijo nada.",
        "El viento calla, la lámpara se consume, y {hero} espera.",
        "Hay momentos que pesan más que los años, y este fue uno de ellos.",
        "Así ocurrió, y ni siquiera {friend} pudo impedirlo.",
        "Despacio se abrió la puerta, y nada era como antes.",
    ),
    touched=(
        "Esta vez según el deseo: {instruction}.",
        "También aquí se nota el cambio: {instruction}.",
        "Escrito de nuevo con esta idea: {instruction}.",
    ),
    told="«{title}»: {event}",
    digest=("Así empieza: {sentence}", "Ahora se ha llegado a esto: {sentence}"),
    act="Acto",
    replies={
        "generate_premise": "Con gusto, resumiré la idea en una o dos frases.",
        "generate_outline": "Bien, ordenaré las escenas de la primera a la última.",
        "start_writing": "Estupendo, empecemos por la primera página.",
        "continue_writing": "Con gusto sigo donde se detuvo la historia.",
        "refine_outline": "Claro que sí, cambiaré el esquema tal como dices.",
        "export": "El libro está casi encuadernado; elige un formato y te lo entrego.",
        "none": "Te escucho: dime si quieres planear, escribir, cambiar o exportar algo.",
    },
)
